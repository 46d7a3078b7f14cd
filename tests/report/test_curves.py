import numpy as np
import pytest
from PIL import Image

from pipeline.evaluate.result_files import ClassAp, CurvePoint
from pipeline.report import curves
from pipeline.report.curves import history_curves, learning_rate_curve, precision_recall
from pipeline.report.figures import LARGEST_SIDE

BLUE, FILL, RED, GREY = (31, 95, 168), (207, 224, 243), (196, 22, 28), (102, 102, 102)


def pixels_of(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def count(pixels, color, tolerance=3):
    return int((np.abs(pixels - np.asarray(color)) <= tolerance).all(-1).sum())


NAN = float("nan")
FULL = [CurvePoint("a", 0.5, 1.0, 0.9), CurvePoint("a", 1.0, 1.0, 0.8)]  # both objects are found


def curves_drawn(path, classes, points, names=None):
    precision_recall(path, classes, points, names or [one.name for one in classes], "val")
    return pixels_of(path)


def test_no_detections_and_no_objects_draw_empty_plots(tmp_path):
    classes = [ClassAp("a", NAN, NAN, 0), ClassAp("b", 0.0, 0.0, 3)]
    picture = curves_drawn(tmp_path / "pr.png", classes, [])
    assert count(picture, BLUE) == count(picture, FILL) == 0


def test_the_filled_area_grows_with_the_average_precision(tmp_path):
    areas = [
        count(curves_drawn(tmp_path / "pr.png", [ClassAp("a", 0.5, 0.5, 2)], points), FILL)
        for points in (FULL, FULL[:1], [])
    ]
    assert areas[0] == pytest.approx(2 * areas[1], rel=0.05)
    assert areas[2] == 0


def test_every_column_has_numbers_below_its_last_panel(tmp_path, monkeypatch):
    # Seven classes: four in the first row, three in the second, so the fourth column ends above.
    classes = [ClassAp(f"class $ {number} $", 0.5, 0.5, 2) for number in range(7)]
    numbered = []

    def look(figure, path):
        figure.draw_without_rendering()
        for axes in figure.axes:
            labels = axes.get_xticklabels()
            numbered.append(any(label.get_visible() and label.get_text() for label in labels))

    monkeypatch.setattr(curves, "save_png", look)
    precision_recall(tmp_path / "pr.png", classes, [], [one.name for one in classes])
    assert numbered == [False, False, False, True, True, True, True]


@pytest.mark.parametrize("count_of", [21, 200, 1000])
def test_of_many_classes_the_worst_and_the_best_alone_are_drawn(tmp_path, monkeypatch, count_of):
    drawn = []
    monkeypatch.setattr(curves, "_curve", _noted(curves._curve, drawn))
    classes = [ClassAp(f"class {n}", n / count_of, 0.5, 2) for n in range(count_of)]
    points = [CurvePoint(f"class {n}", 0.5, 1.0, 0.9) for n in range(count_of)]
    picture = curves_drawn(tmp_path / "pr.png", classes[::-1], points)
    assert max(picture.shape) <= LARGEST_SIDE
    worst = [*range(10), *range(count_of - 10, count_of)]
    assert drawn == [f"class {number}" for number in worst]


def test_which_classes_are_drawn_is_said():
    few = [ClassAp(str(n), 0.5, 0.5, 2) for n in range(20)]
    assert curves._worth_drawing(few) == (list(range(20)), "")
    empty = [ClassAp("empty", NAN, NAN, 0)]
    labels, words = curves._worth_drawing(empty + few)
    assert (labels, words) == (list(range(1, 21)), "20 of 21 classes have objects")
    assert curves._worth_drawing(few * 3)[1] == "the worst and best 10 of 60 classes"


def _noted(function, seen):
    def noting(axes, one, points, name):
        seen.append(name)
        return function(axes, one, points, name)

    return noting


def history(epochs):
    """Return rows as in `history.csv`."""
    return [
        {
            "epoch": str(epoch),
            "phase": "head" if epoch < 3 else "all",
            "lr": str(0.01 / epoch),
            "train_loss": str(3 / epoch),
            "train_l1": str(2 / epoch),
            "val_loss": str(4 / epoch),
            "val_l1": str(2.5 / epoch),
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


def without_losses(rows):
    return [{name: row[name] for name in ("epoch", "phase", "lr")} for row in rows]


def test_a_metric_that_only_val_has_is_drawn(tmp_path):
    rows = [row | {"val_accuracy": "0.5"} for row in without_losses(history(3))]
    history_curves(tmp_path / "h.png", rows)
    left, _ = np.array_split(pixels_of(tmp_path / "h.png"), 2, axis=1)
    assert count(left, BLUE) > 100


def test_spare_places_of_a_history_stay_white(tmp_path):
    losses = {f"val_{name}": "0.5" for name in "abcd"}
    rows = [row | losses for row in without_losses(history(3))]
    history_curves(tmp_path / "h.png", rows)  # four quantities and the rate: two rows of three
    assert (pixels_of(tmp_path / "h.png")[360:, 940:] == 255).all()


def test_the_names_of_phases_never_overprint(monkeypatch, tmp_path):
    # `head` is one epoch of a hundred: its name would reach over that of `late`.
    names = ["head", *["late"] * 60, *["all"] * 39]
    rows = [row | {"phase": phase} for row, phase in zip(history(100), names, strict=True)]
    boxes = []

    def look(figure, path):
        figure.draw_without_rendering()
        texts = [text for axes in figure.axes for text in axes.texts]
        boxes.extend((text.get_text(), text.get_window_extent()) for text in texts)

    monkeypatch.setattr(curves, "save_png", look)
    history_curves(tmp_path / "h.png", rows)
    assert [name for name, _ in boxes] == ["head", "late", "all"]
    for place, (_, box) in enumerate(boxes):
        assert not any(box.overlaps(other) for _, other in boxes[:place])


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
        curves_drawn(tmp_path / f"p{name}.png", [ClassAp("a", 0.5, 0.5, 2)], FULL)
    for kind in "hlp":
        first, second = (tmp_path / f"{kind}{name}.png" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
