"""Precision, recall and F1 over the score, counted by hand."""

import numpy as np
import pytest

from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.label_scores import choose_label_scores
from pipeline.report import score_curves as module
from pipeline.report.score_curves import SCORES, draw_score_curves, score_curves
from tests.report.test_curves import BLUE, count, pixels_of

NAN = float("nan")


def truth(*labels, ignored=0):
    """Return an object of each label, each in its own photo; the last ones are ignored."""
    boxes, places = np.tile([0.0, 0, 10, 10], (len(labels), 1)), np.arange(len(labels))
    return Truth(places, boxes, np.array(labels, int), places >= len(labels) - ignored)


def found(*rows):
    """Return detections of (photo, label, score), exactly where the object is."""
    photo, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    boxes = np.tile([0.0, 0, 10, 10], (len(rows), 1)).reshape(-1, 4)
    return Detections(np.array(photo, int), boxes, np.array(labels, int), np.array(scores, "f4"))


# Four objects. Class 0: right at .75 and at .5. Class 1: wrong at .75, right at .25, one not found.
OBJECTS = truth(0, 0, 1, 1)
FOUND = found((0, 0, 0.75), (1, 0, 0.5), (0, 1, 0.75), (2, 1, 0.25))
AT = np.array([0.0, 0.25, 0.5, 0.75])


def curves(label_scores=(0.3, 0.1), objects=OBJECTS, detections=FOUND):
    return score_curves(objects, detections, np.array(label_scores), AT)


def test_all_classes_together_and_each():
    pooled, first, second = (curve.over_score for curve in curves())
    # Above 0, .25, .5 and .75 are 4, 3, 2 and 0 detections, of which 3, 2, 1 and 0 are right.
    assert pooled.precision == pytest.approx([3 / 4, 2 / 3, 1 / 2, NAN], nan_ok=True)
    assert pooled.recall == pytest.approx([3 / 4, 2 / 4, 1 / 4, 0])
    assert pooled.f1 == pytest.approx([6 / 8, 4 / 7, 2 / 6, 0])
    assert first.precision == pytest.approx([1, 1, 1, NAN], nan_ok=True)
    assert first.recall == pytest.approx([1, 1, 1 / 2, 0])
    assert second.precision == pytest.approx([1 / 2, 0, 0, NAN], nan_ok=True)
    assert second.f1 == pytest.approx([2 / 4, 0, 0, 0])


def test_labels_are_cut_at_the_score_of_their_class():
    pooled, first, second = (curve.as_labels for curve in curves((0.6, 0.1)))
    assert (first.precision, first.recall) == ([1], [1 / 2])
    assert (second.precision, second.recall) == ([1 / 2], [1 / 2])
    assert (pooled.precision, pooled.recall) == ([2 / 3], [2 / 4])  # 3 labels, 2 of 4 objects
    assert pooled.f1 == pytest.approx([4 / 7])


def test_what_is_ignored_counts_for_nothing():
    (_, only) = curves([0.0], truth(0, 0, ignored=1), found((0, 0, 0.5), (1, 0, 0.5)))
    assert (only.as_labels.precision, only.as_labels.recall) == ([1], [1])


def test_no_objects_no_recall_and_no_f1():
    (_, without) = curves([0.0], truth(), found((0, 0, 0.6)))
    assert without.over_score.precision == pytest.approx([0, 0, 0, NAN], nan_ok=True)
    assert np.isnan(without.over_score.recall).all() and np.isnan(without.over_score.f1).all()


def test_the_score_that_labels_use_has_the_best_f1():
    noise = np.random.default_rng(3)
    photos = noise.integers(30, size=200)
    detections = found(*zip(photos, noise.integers(2, size=200), noise.random(200), strict=True))
    objects = truth(*noise.integers(2, size=30))
    common = choose_label_scores(objects, detections, 2).common
    (pooled, *_) = score_curves(objects, detections, np.full(2, common), np.sort(detections.scores))
    assert pooled.as_labels.f1 == pytest.approx(np.max(pooled.over_score.f1))


def drawn(path, classes, label_scores, monkeypatch):
    """Draw this many classes; return the pixels, the names in the legend, the marked scores."""
    limits = np.resize(label_scores, classes)
    made = score_curves(truth(*range(classes)), found((0, 0, 0.8), (1, 1, 0.4)), limits)
    names, marked = [], []
    save = module.save_png

    def look(figure, path):
        names.extend(text.get_text() for text in figure.legends[0].get_texts())
        lines = [line for axes in figure.axes for line in axes.lines]
        marked.extend(line.get_xdata()[0] for line in lines if line.get_linestyle() == ":")
        save(figure, path)

    monkeypatch.setattr(module, "save_png", look)
    draw_score_curves(path, made, limits, [f"class $ {n} $" for n in range(classes)], "val")
    monkeypatch.undo()
    return pixels_of(path), names, marked


def test_few_classes_have_lines_and_many_have_none(tmp_path, monkeypatch):
    ours = "all classes together"
    picture, names, marked = drawn(tmp_path / "few.png", 2, [0.5], monkeypatch)
    assert names == ["label score, 0.50", "class $ 0 $", "class $ 1 $", ours]
    assert marked == [0.5] * 3  # in each of the three plots
    assert all(count(third, BLUE) > 100 for third in np.array_split(picture, 3, axis=1))
    _, names, marked = drawn(tmp_path / "many.png", 11, [0.2, 0.5], monkeypatch)
    assert names == ["label scores, 0.20 to 0.50", ours]
    assert marked == [0.2, 0.5] * 3


def test_nothing_found_and_no_objects_are_drawn_and_twice_alike(tmp_path):
    for objects in (truth(), truth(0)):
        made = score_curves(objects, found(), np.array([0.3]))
        for name in ("a.png", "b.png"):
            draw_score_curves(tmp_path / name, made, np.array([0.3]), ["only"])
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert len(SCORES) == len(made[0].over_score.f1)
