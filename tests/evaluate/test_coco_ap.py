import numpy as np
import pytest

from pipeline.evaluate.coco_ap import coco_average_precision
from tests.evaluate.test_voc_ap import FAR, LEFT, RIGHT, found, truth_of

NAMES = ["coco_map", "coco_map_50", "coco_map_75"]
ONE_OBJECT = truth_of((1, LEFT, 0, False))


def values(truth, detections, num_classes=1):
    metrics = coco_average_precision(truth, detections, num_classes)
    return [metrics[name] for name in NAMES]


def test_nothing_to_find_is_nan():
    assert np.isnan(values(truth_of(), found())).all()
    assert np.isnan(values(truth_of(), found((1, LEFT, 0, 0.9)))).all()
    assert np.isnan(values(truth_of((1, LEFT, 0, True)), found((1, LEFT, 0, 0.9)))).all()


def test_nothing_found_is_zero():
    assert values(ONE_OBJECT, found()) == [0, 0, 0]


def test_zero_area_boxes_match_nothing():
    point = [5, 5, 5, 5]
    assert values(truth_of((1, point, 0, False)), found((1, point, 0, 0.9))) == [0, 0, 0]


def test_a_perfect_prediction_is_one():
    rows = [(1, LEFT, 0), (1, RIGHT, 1), (7, FAR, 2), (7, FAR, 0)]
    truth = truth_of(*((*row, False) for row in rows))
    assert values(truth, found(*((*row, 0.5) for row in rows)), 3) == pytest.approx([1, 1, 1])


def test_a_smaller_box_is_right_at_the_lower_thresholds():
    # IoU .82 is right at .5, .55, ... .8: seven thresholds of ten.
    truth = truth_of((1, [0, 0, 100, 100], 0, False))
    assert values(truth, found((1, [0, 0, 100, 82], 0, 0.9))) == pytest.approx([0.7, 1, 1])
    # IoU .72 at .5, .55, .6, .65 and .7.
    assert values(truth, found((1, [0, 0, 100, 72], 0, 0.9))) == pytest.approx([0.5, 1, 0])


def test_half_of_the_objects_found():
    # Recall levels 0, .01, ... .5 are reached with precision 1: 51 of 101.
    truth = truth_of((1, LEFT, 0, False), (2, LEFT, 0, False))
    assert values(truth, found((1, LEFT, 0, 0.9))) == pytest.approx([51 / 101] * 3)


def test_a_wrong_box_ranked_first_halves_the_precision():
    detections = found((1, FAR, 0, 0.9), (1, LEFT, 0, 0.8))
    assert values(ONE_OBJECT, detections) == pytest.approx([0.5] * 3)


def test_boxes_in_a_photo_without_objects_are_wrong():
    detections = found((2, LEFT, 0, 0.9), (1, LEFT, 0, 0.8))
    assert values(ONE_OBJECT, detections) == pytest.approx([0.5] * 3)


def test_the_second_detection_takes_the_free_object_unlike_in_voc():
    near = [3, 0, 13, 10]
    truth = truth_of((1, LEFT, 0, False), (1, near, 0, False))
    detections = found((1, LEFT, 0, 0.9), (1, [1, 0, 11, 10], 0, 0.8))  # IoU with near 80 / 120
    assert values(truth, detections)[1] == pytest.approx(1)


def test_detections_on_an_ignored_object_cost_nothing():
    truth = truth_of((1, [0, 0, 50, 50], 0, True), (1, FAR, 0, False))
    inside = [10, 10, 20, 20]  # IoU 100 / 2500, but all of its own area
    detections = found((1, inside, 0, 0.9), (1, inside, 0, 0.8), (1, FAR, 0, 0.7))
    assert values(truth, detections) == pytest.approx([1, 1, 1])


def test_a_class_without_objects_is_left_out_of_the_mean():
    assert values(ONE_OBJECT, found((1, LEFT, 0, 0.9), (1, LEFT, 1, 0.9)), 3) == pytest.approx(
        [1, 1, 1]
    )


def test_only_the_best_hundred_of_a_photo_count():
    wrong = [(1, FAR, 0, 0.9)] * 100
    assert values(ONE_OBJECT, found(*wrong, (1, LEFT, 0, 0.8))) == [0, 0, 0]
    assert values(ONE_OBJECT, found(*wrong[1:], (1, LEFT, 0, 0.8))) == pytest.approx([0.01] * 3)


def test_labels_outside_the_classes_are_refused():
    with pytest.raises(ValueError, match=r"Detections has labels 1\.\.1"):
        values(ONE_OBJECT, found((1, LEFT, 1, 0.9)))


def test_says_nothing(capfd):
    values(ONE_OBJECT, found((1, LEFT, 0, 0.9)))
    assert capfd.readouterr() == ("", "")
