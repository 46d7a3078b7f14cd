import numpy as np
import pytest

from pipeline.evaluate.anchor_fit import AnchorFit
from pipeline.evaluate.error_kinds import KINDS
from pipeline.evaluate.result_files import ErrorKind, ObjectFit
from pipeline.evaluate.size_ap import SIZES, SizeAp
from pipeline.report import charts
from pipeline.report.charts import anchor_picture, confusion_picture, error_bars
from pipeline.report.figures import LARGEST_SIDE
from tests.report.test_curves import BLUE, count, pixels_of

NAN = float("nan")
DARKEST, LIGHTEST = (8, 48, 107), (247, 251, 255)  # of matplotlib's Blues


def bars_drawn(path, counts, gains, aps):
    errors = [ErrorKind(*values) for values in zip(KINDS, counts, gains, strict=True)]
    sizes = [SizeAp(size, 3, ap, NAN, NAN) for size, ap in zip(SIZES, aps, strict=True)]
    error_bars(path, errors, sizes, "t")
    return np.array_split(pixels_of(path), 3, axis=1)


def test_where_there_is_nothing_there_is_no_bar(tmp_path):
    for chart in bars_drawn(tmp_path / "e.png", [0] * 6, [NAN] * 6, [NAN] * 3):
        assert count(chart, BLUE) == 0


def test_bars_are_as_long_as_their_values(tmp_path):
    counts, gains = [100, 50, 0, 0, 0, 0], [0.02, 0.04, 0, 0, 0, 0]
    charts = bars_drawn(tmp_path / "e.png", counts, gains, [0.25, 0.5, NAN])
    ratios = []
    for chart in charts:
        is_bar = (np.abs(chart - np.asarray(BLUE)) <= 3).all(-1)
        lengths = is_bar.sum(1)
        first, second = np.flatnonzero(lengths > 5)[[5, -5]]
        ratios.append(lengths[second] / lengths[first])
    assert ratios == pytest.approx([2, 0.5, 2], rel=0.05)


def test_the_interval_of_a_size_is_drawn(tmp_path):
    pictures = []
    for low, high in ((NAN, NAN), (0.1, 0.9)):
        path = tmp_path / "e.png"
        error_bars(path, [], [SizeAp("small", 3, 0.5, low, high)], "t")
        *_, chart = np.array_split(pixels_of(path)[60:300], 3, axis=1)
        longest = (chart[:, 100:].sum(-1) < 60).sum(1).max()  # of the black runs in a row
        pictures.append(longest)
    assert pictures[1] > pictures[0] + 50


def matrix_drawn(path, matrix, names=("cat", "price in $ or $"), title="a $ and a $"):
    confusion_picture(path, np.asarray(matrix), names, title)
    return pixels_of(path)


def test_without_counts_all_cells_are_light(tmp_path):
    picture = matrix_drawn(tmp_path / "c.png", np.zeros((3, 3), int))
    assert count(picture, DARKEST) == 0
    assert count(picture, LIGHTEST) > 3 * 30 * 30


def test_a_cell_is_shaded_by_its_share_of_the_row(tmp_path):
    all_right = matrix_drawn(tmp_path / "a.png", [[90, 0, 0], [0, 1, 0], [0, 0, 0]])
    half_wrong = matrix_drawn(tmp_path / "h.png", [[45, 45, 0], [0, 1, 0], [0, 0, 0]])
    assert count(all_right, DARKEST) == pytest.approx(2 * count(half_wrong, DARKEST), rel=0.1)


def test_truth_goes_down_and_prediction_to_the_right(tmp_path):
    picture = matrix_drawn(tmp_path / "c.png", [[0, 0, 5], [0, 0, 0], [0, 0, 0]])
    rows, columns = np.nonzero((np.abs(picture - np.asarray(DARKEST)) <= 3).all(-1))
    light_rows, light_columns = np.nonzero((np.abs(picture - np.asarray(LIGHTEST)) <= 3).all(-1))
    assert rows.max() < np.median(light_rows)
    assert columns.min() > np.median(light_columns)


def test_many_classes_do_not_make_the_picture_grow_without_end(tmp_path):
    names = [f"class {number}" for number in range(60)]
    picture = matrix_drawn(tmp_path / "c.png", np.eye(61, dtype=int), names)
    assert max(picture.shape) <= LARGEST_SIDE


def test_a_thousand_classes_make_it_no_larger(tmp_path):
    names = [f"class {number}" for number in range(1000)]
    counts = np.random.default_rng(0).integers(0, 3, (1001, 1001))
    picture = matrix_drawn(tmp_path / "c.png", counts, names)
    assert max(picture.shape) <= LARGEST_SIDE


def test_of_many_classes_those_with_most_errors_are_drawn_and_the_others_as_one():
    names = [f"class {number}" for number in range(50)]
    matrix = np.diag([10] * 50 + [0])
    matrix[3, 7] = 5  # both have errors
    matrix[49, 50] = matrix[50, 49] = 2  # missed, and on nothing
    pooled, shown = charts._pool_others(matrix, names)
    assert len(shown) == 41 and shown[-1] == "(other classes)"
    assert {"class 3", "class 7", "class 49"} <= set(shown)
    assert pooled.sum() == matrix.sum()
    others = shown.index("(other classes)")
    assert pooled[others, others] == 10 * 10
    assert pooled[shown.index("class 3"), shown.index("class 7")] == 5
    assert pooled[shown.index("class 49"), -1] == pooled[-1, shown.index("class 49")] == 2


def test_where_each_photo_has_one_answer_there_is_no_background(tmp_path):
    matrix = np.zeros((3, 3), int)
    matrix[:2, :2] = 5
    with_background = matrix_drawn(tmp_path / "a.png", matrix + np.eye(3, k=2, dtype=int))
    without = matrix_drawn(tmp_path / "b.png", matrix)
    assert without.shape[0] < with_background.shape[0]


def test_equal_input_gives_equal_bytes(tmp_path):
    for name in "ab":
        matrix_drawn(tmp_path / f"c{name}.png", np.eye(3, dtype=int))
        bars_drawn(tmp_path / f"e{name}.png", range(6), [0.1] * 6, [0.1, 0.2, NAN])
    for kind in "ce":
        first, second = (tmp_path / f"{kind}{name}.png" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def anchors_drawn(path, fitting):
    fits = [AnchorFit("all", 2, fitting, 0.5), AnchorFit("small", 0, NAN, NAN)]
    anchor_picture(path, fits, [ObjectFit(10.0, 0.2), ObjectFit(90.0, 0.7)], "anchors")
    return pixels_of(path)


def test_the_bar_of_anchors_is_as_high_as_their_share(tmp_path):
    heights = []
    for share in (0.4, 0.8):
        left = anchors_drawn(tmp_path / "a.png", share)[:, :440]
        heights.append(count(left, BLUE))
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.05)


def test_anchors_are_drawn_the_same_twice(tmp_path):
    for name in "ab":
        anchors_drawn(tmp_path / f"{name}.png", 0.5)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
