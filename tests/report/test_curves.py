import numpy as np
import pytest
from PIL import Image

from pipeline.evaluate.voc_ap import voc_average_precision
from pipeline.report.curves import history_curves, learning_rate_curve, precision_recall
from tests.evaluate.test_voc_ap import FAR, LEFT, RIGHT, found, truth_of

BLUE, FILL, RED, GREY = (31, 95, 168), (207, 224, 243), (196, 22, 28), (102, 102, 102)
TRUTH = truth_of((1, LEFT, 0, False), (1, RIGHT, 0, False))


def pixels_of(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def count(pixels, color, tolerance=3):
    return int((np.abs(pixels - np.asarray(color)) <= tolerance).all(-1).sum())


def curves_drawn(path, truth, detections, names):
    precision_recall(path, voc_average_precision(truth, detections, len(names)), names, "val")
    return pixels_of(path)


def test_no_detections_and_no_objects_draw_empty_plots(tmp_path):
    picture = curves_drawn(tmp_path / "pr.png", truth_of(), found(), ["a", "b"])
    assert count(picture, BLUE) == count(picture, FILL) == 0


def test_the_filled_area_grows_with_the_average_precision(tmp_path):
    full = found((1, LEFT, 0, 0.9), (1, RIGHT, 0, 0.8))
    half = found((1, LEFT, 0, 0.9), (1, FAR, 0, 0.8))
    areas = [
        count(curves_drawn(tmp_path / "pr.png", TRUTH, detections, ["a"]), FILL)
        for detections in (full, half, found())
    ]
    assert areas[0] == pytest.approx(2 * areas[1], rel=0.05)
    assert areas[2] == 0


def test_every_class_has_a_plot_of_its_own(tmp_path):
    one = curves_drawn(tmp_path / "1.png", TRUTH, found(), ["a"])
    names = [f"class $ {number} $" for number in range(6)]
    six = curves_drawn(tmp_path / "6.png", TRUTH, found(), names)
    assert one.shape == (340, 700, 3)
    assert six.shape == (590, 1300, 3)
    assert (six[330:545, 400:] == 255).all()  # five in the first row, one in the second


def history(epochs):
    return [
        {
            "epoch": epoch,
            "phase": "head" if epoch < 3 else "all",
            "lr": 0.01 / epoch,
            "train": {"loss": 3 / epoch, "l1": 2 / epoch},
            "val": {"loss": 4 / epoch, "l1": 2.5 / epoch},
        }
        for epoch in range(1, epochs + 1)
    ]


def test_a_history_has_a_plot_for_each_quantity_and_one_for_the_rate(tmp_path):
    history_curves(tmp_path / "h.png", history(6), "combined")
    picture = pixels_of(tmp_path / "h.png")
    assert picture.shape == (350, 1380, 3)  # three plots side by side
    thirds = np.array_split(picture, 3, axis=1)
    assert all(count(third, BLUE) > 100 for third in thirds)
    assert [count(third, GREY) > 150 for third in thirds] == [True, True, False]  # train lines


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_short_history_is_drawn(tmp_path, epochs):
    history_curves(tmp_path / "h.png", history(epochs))
    assert (count(pixels_of(tmp_path / "h.png"), BLUE) > 20) == (epochs == 1)


def test_a_metric_that_only_val_has_is_drawn(tmp_path):
    rows = [{**row, "val": {"accuracy": 0.5}, "train": {}} for row in history(3)]
    history_curves(tmp_path / "h.png", rows)
    left, _ = np.array_split(pixels_of(tmp_path / "h.png"), 2, axis=1)
    assert count(left, BLUE) > 100


def test_spare_places_of_a_history_stay_white(tmp_path):
    rows = [{**row, "val": dict.fromkeys("abcd", 0.5), "train": {}} for row in history(3)]
    history_curves(tmp_path / "h.png", rows)  # four quantities and the rate: two rows of three
    assert (pixels_of(tmp_path / "h.png")[360:, 940:] == 255).all()


RATES = np.geomspace(1e-5, 1, 50)


def red_columns(path):
    columns = (np.abs(pixels_of(path)[60:] - np.asarray(RED)) <= 30).all(-1).any(0)
    return np.flatnonzero(columns)


def test_the_suggested_rate_is_marked_at_its_place(tmp_path):
    places = []
    for rate in (1e-4, 1e-3, 1e-2):
        learning_rate_curve(tmp_path / "lr.png", RATES, 1 - RATES, rate)
        places.append(red_columns(tmp_path / "lr.png").mean())
    assert np.diff(places) == pytest.approx([places[1] - places[0]] * 2, abs=2)  # a log axis
    assert 50 < places[0] < places[2] < 600


def test_no_suggestion_no_mark(tmp_path):
    learning_rate_curve(tmp_path / "lr.png", RATES, 1 - RATES, None)
    assert len(red_columns(tmp_path / "lr.png")) == 0


@pytest.mark.parametrize(
    "tail", [1e9, np.inf, np.nan], ids=["explodes", "infinite", "not a number"]
)
def test_an_exploding_loss_does_not_flatten_the_curve(tmp_path, tail):
    losses = np.append(np.linspace(3, 1, 49), tail)
    learning_rate_curve(tmp_path / "lr.png", RATES, losses, None)
    rows = np.flatnonzero(
        (np.abs(pixels_of(tmp_path / "lr.png") - np.asarray(BLUE)) <= 3).all(-1).any(1)
    )
    assert np.ptp(rows) > 180  # of 420


@pytest.mark.parametrize("losses", [[], [1.0], [2.0, 2.0], [np.nan, np.nan]])
def test_odd_searches_are_drawn(tmp_path, losses):
    learning_rate_curve(tmp_path / "lr.png", RATES[: len(losses)], losses, None)
    assert pixels_of(tmp_path / "lr.png").shape == (420, 700, 3)


def test_equal_input_gives_equal_bytes(tmp_path):
    for name in ("a", "b"):
        history_curves(tmp_path / f"h{name}.png", history(4), "x")
        learning_rate_curve(tmp_path / f"l{name}.png", RATES, 1 - RATES, 1e-3)
        curves_drawn(tmp_path / f"p{name}.png", TRUTH, found((1, LEFT, 0, 0.9)), ["a"])
    for kind in "hlp":
        first, second = (tmp_path / f"{kind}{name}.png" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
