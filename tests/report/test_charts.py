import numpy as np
import pytest
from pipeline.report.error_charts import confusion_picture, error_bars

from pipeline.evaluate.error_kinds import KINDS
from pipeline.evaluate.size_ap import SIZES, SizeAp
from tests.evaluate.test_curves import BLUE, count, pixels_of

NAN = float("nan")
DARKEST, LIGHTEST = (8, 48, 107), (247, 251, 255)  # of matplotlib's Blues


def bars_drawn(path, counts, gains, aps):
    sizes = [SizeAp(size, 3, ap) for size, ap in zip(SIZES, aps, strict=True)]
    error_bars(
        path,
        dict(zip(KINDS, counts, strict=True)),
        dict(zip(KINDS, gains, strict=True)),
        sizes,
        "t",
    )
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


def matrix_drawn(path, matrix, names=("cat", "price in $ or $"), title="a $ and a $"):
    confusion_picture(path, np.asarray(matrix), names, title)
    return pixels_of(path)


def test_without_counts_all_cells_are_light(tmp_path):
    picture = matrix_drawn(tmp_path / "c.png", np.zeros((3, 3), int))
    assert count(picture, DARKEST) == 0
    assert count(picture, LIGHTEST) > 3 * 30 * 30


def test_a_cell_is_shaded_by_its_share_of_the_row(tmp_path):
    all_right = matrix_drawn(tmp_path / "a.png", [[90, 0, 0], [0, 1, 0], [0, 0, 0]])
    half_missed = matrix_drawn(tmp_path / "h.png", [[45, 0, 45], [0, 1, 0], [0, 0, 0]])
    assert count(all_right, DARKEST) == pytest.approx(2 * count(half_missed, DARKEST), rel=0.1)


def test_truth_goes_down_and_prediction_to_the_right(tmp_path):
    picture = matrix_drawn(tmp_path / "c.png", [[0, 0, 5], [0, 0, 0], [0, 0, 0]])
    rows, columns = np.nonzero((np.abs(picture - np.asarray(DARKEST)) <= 3).all(-1))
    light_rows, light_columns = np.nonzero((np.abs(picture - np.asarray(LIGHTEST)) <= 3).all(-1))
    assert rows.max() < np.median(light_rows)
    assert columns.min() > np.median(light_columns)


def test_many_classes_do_not_make_the_picture_grow_without_end(tmp_path):
    names = [f"class {number}" for number in range(60)]
    assert matrix_drawn(tmp_path / "c.png", np.eye(61, dtype=int), names).shape == (2620, 2600, 3)


def test_equal_input_gives_equal_bytes(tmp_path):
    for name in "ab":
        matrix_drawn(tmp_path / f"c{name}.png", np.eye(3, dtype=int))
        bars_drawn(tmp_path / f"e{name}.png", range(6), [0.1] * 6, [0.1, 0.2, NAN])
    for kind in "ce":
        first, second = (tmp_path / f"{kind}{name}.png" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
