import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.voc_ap import devkit_loop
from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.voc_ap import (
    first_claims,
    match_detections,
    rank_detections,
    voc_average_precision,
)

LEFT, RIGHT, FAR = [0, 0, 10, 10], [20, 0, 30, 10], [80, 80, 90, 90]
INCLUSIVE_SHIFT = [5, 0, 15, 10]  # IoU with LEFT 50 / 150


def truth_of(*rows):
    """Rows of (photo, box, label, ignore)."""
    photo, boxes, labels, ignore = zip(*rows, strict=True) if rows else ((), (), (), ())
    boxes = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    return Truth(np.array(photo, int), boxes, np.array(labels, int), np.array(ignore, bool))


def found(*rows):
    """Rows of (photo, box, label, score)."""
    photo, boxes, labels, scores = zip(*rows, strict=True) if rows else ((), (), (), ())
    boxes = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    return Detections(np.array(photo, int), boxes, np.array(labels, int), np.array(scores, float))


def only_curve(truth, detections, **kwargs):
    return voc_average_precision(truth, detections, 1, **kwargs).curves[0]


TWO_OBJECTS = truth_of((1, LEFT, 0, False), (1, RIGHT, 0, False))


def test_neither_truth_nor_detections():
    result = voc_average_precision(truth_of(), found(), 2)
    assert np.isnan([result.mean_ap, result.mean_ap_11pt]).all()
    assert [curve.positives for curve in result.curves] == [0, 0]


def test_nothing_found_is_zero():
    curve = only_curve(TWO_OBJECTS, found())
    assert (curve.ap, curve.ap_11pt, len(curve.precision)) == (0, 0, 0)


def test_zero_area_boxes_match_nothing():
    point = [5, 5, 5, 5]
    curve = only_curve(truth_of((1, point, 0, False)), found((1, point, 0, 0.9)))
    assert curve.ap == 0


def test_worked_example():
    # Ranked: right, wrong, right of 2 objects: recall .5 .5 1, precision 1 1/2 2/3.
    curve = only_curve(TWO_OBJECTS, found((1, RIGHT, 0, 0.3), (1, FAR, 0, 0.6), (1, LEFT, 0, 0.9)))
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(curve.recall, [0.5, 0.5, 1])
    np.testing.assert_allclose(curve.scores, [0.9, 0.6, 0.3])
    assert curve.ap == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # Levels 0 to .5 see precision 1, levels .6 to 1 see 2/3.
    assert curve.ap_11pt == pytest.approx((6 * 1 + 5 * 2 / 3) / 11)


def test_second_claim_of_an_object_is_wrong_though_another_object_is_free():
    # Both detections overlap LEFT most; COCO's matching would give the second to NEAR.
    near = [3, 0, 13, 10]
    curve = only_curve(
        truth_of((1, LEFT, 0, False), (1, near, 0, False)),
        found((1, LEFT, 0, 0.9), (1, [1, 0, 11, 10], 0, 0.8)),
    )
    np.testing.assert_allclose(curve.precision, [1, 1 / 2])
    assert curve.ap == pytest.approx(0.5)


def test_the_best_overlap_is_asked_first_and_only_then_whether_it_is_ignored():
    # The detection lies on the ignored object, so it counts neither for nor against.
    near = [3, 0, 13, 10]
    curve = only_curve(
        truth_of((1, LEFT, 0, True), (1, near, 0, False)),
        found((1, [1, 0, 11, 10], 0, 0.9), (1, near, 0, 0.5)),
    )
    assert curve.positives == 1
    np.testing.assert_allclose(curve.precision, [1])
    assert curve.ap == 1


def test_any_number_of_detections_on_an_ignored_object_costs_nothing():
    truth = truth_of((1, LEFT, 0, True), (1, RIGHT, 0, False))
    detections = found((1, LEFT, 0, 0.9), (1, LEFT, 0, 0.8), (1, RIGHT, 0, 0.7))
    assert only_curve(truth, detections).ap == 1


def test_a_class_with_only_ignored_objects_is_left_out_of_the_mean():
    truth = truth_of((1, LEFT, 0, False), (1, RIGHT, 1, True))
    result = voc_average_precision(truth, found((1, LEFT, 0, 0.9), (1, FAR, 1, 0.9)), 3)
    assert np.isnan([curve.ap for curve in result.curves]).tolist() == [False, True, True]
    assert result.mean_ap == result.mean_ap_11pt == 1


def test_the_iou_must_exceed_the_threshold():
    half = found((1, [0, 0, 10, 5], 0, 0.9))  # IoU with LEFT exactly .5
    assert only_curve(truth_of((1, LEFT, 0, False)), half).ap == 0
    assert only_curve(truth_of((1, LEFT, 0, False)), half, iou_threshold=0.49).ap == 1


def test_edges_give_the_inclusive_areas_of_the_devkit():
    # Inclusive corners (1, 1, 10, 10) and (6, 1, 15, 10): 5 x 10 shared of 100 + 100 pixels.
    shifted = found((1, INCLUSIVE_SHIFT, 0, 0.9))
    object_ = truth_of((1, LEFT, 0, False))
    assert only_curve(object_, shifted, iou_threshold=50 / 150 - 1e-6).ap == 1
    assert only_curve(object_, shifted, iou_threshold=50 / 150 + 1e-6).ap == 0


def test_photo_and_class_must_agree():
    truth = truth_of((1, LEFT, 0, False), (2, RIGHT, 1, False))
    detections = found((2, LEFT, 0, 0.9), (1, LEFT, 1, 0.8), (3, LEFT, 0, 0.7))
    assert voc_average_precision(truth, detections, 2).mean_ap == 0


def test_equal_scores_rank_in_the_order_of_the_rows():
    right, wrong = (1, LEFT, 0, 0.5), (1, FAR, 0, 0.5)
    object_ = truth_of((1, LEFT, 0, False))
    assert only_curve(object_, found(right, wrong)).ap == 1
    assert only_curve(object_, found(wrong, right)).ap == 0.5


def test_scores_are_ranked_over_all_photos():
    truth = truth_of((1, LEFT, 0, False), (2, LEFT, 0, False))
    curve = only_curve(
        truth, found((1, FAR, 0, 0.2), (1, LEFT, 0, 0.9), (2, FAR, 0, 0.6), (2, LEFT, 0, 0.4))
    )
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3, 2 / 4])


def test_labels_outside_the_classes_are_refused():
    with pytest.raises(ValueError, match=r"Detections has labels 4\.\.4"):
        voc_average_precision(TWO_OBJECTS, found((1, LEFT, 4, 0.9)), 1)


def test_what_became_of_each_detection():
    truth = truth_of((1, LEFT, 0, False), (1, RIGHT, 0, True), (1, FAR, 1, False))
    half, rows = [0, 0, 10, 5], [(LEFT, 0.5), (LEFT, 0.9), (RIGHT, 0.3), (FAR, 0.8)]
    detections = found((1, half, 0, 1.0), *((1, box, 0, score) for box, score in rows))
    matches = match_detections(truth, detections, 2)
    assert matches.best[:4].tolist() == [0, 0, 0, 1]
    assert matches.iou.tolist() == [0.5, 1, 1, 1, 0]  # the far object is of another class
    assert matches.true_positive.tolist() == [False, False, True, False, False]
    assert matches.ignored.tolist() == [False, False, False, True, False]


def test_the_first_to_claim_an_object():
    claimed, scores = np.array([0, -1, 0, 2, 2]), np.array([0.5, 0.9, 0.6, 0.7, 0.7])
    assert first_claims(claimed, scores, 3).tolist() == [False, False, True, True, False]
    assert first_claims(claimed[:0], scores[:0], 0).tolist() == []


def test_curves_of_what_each_detection_was_judged_to_be():
    right, labels = np.array([False, True, True]), np.array([1, 0, 1])
    result = rank_detections(right, labels, np.array([9, 1, 5]), np.array([1, 2, 0]))
    first, second, third = result.curves
    assert (first.ap, second.ap) == (1, 0.25)
    assert second.precision.tolist() == [0, 0.5]
    assert np.isnan(third.ap)


def random_case(seed, photos, found_per_photo, num_classes):
    """Objects, and detections of which half lie near an object; boxes and scores often tie."""
    draw = np.random.default_rng(seed)

    def boxes(count):
        corner = draw.integers(0, 40, (count, 2))
        return np.concatenate([corner, corner + draw.integers(0, 25, (count, 2))], 1) * 1.0

    count, total = photos * 3, photos * found_per_photo
    truth = Truth(
        draw.integers(-1, photos, count),
        boxes(count),
        draw.integers(0, num_classes, count),
        draw.random(count) < 0.25,
    )
    photo, box = draw.integers(-1, photos, total), boxes(total)
    label = draw.integers(0, num_classes, total)
    near = np.flatnonzero(draw.random(total) < 0.5)
    source = draw.integers(0, count, len(near))
    photo[near], label[near] = truth.photo[source], truth.labels[source]
    box[near] = truth.boxes[source] + draw.integers(-2, 3, (len(near), 4))
    return truth, Detections(photo, box, label, draw.integers(0, 30, total) / 30), num_classes


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    photos=st.integers(1, 6),
    found_per_photo=st.integers(0, 25),
    num_classes=st.integers(1, 4),
    iou_threshold=st.sampled_from([0.3, 0.5, 0.75]),
)
def test_equals_the_devkits_loop(seed, photos, found_per_photo, num_classes, iou_threshold):
    case = random_case(seed, photos, found_per_photo, num_classes)
    curves = voc_average_precision(*case, iou_threshold=iou_threshold).curves
    np.testing.assert_allclose(
        [(curve.ap, curve.ap_11pt) for curve in curves],
        devkit_loop(*case, iou_threshold),
        rtol=0,
        atol=1e-9,
    )


def test_recall_levels_are_the_devkits_to_the_last_bit():
    # Recall ends at exactly 3/10, and the devkit's third level, 3 * .1, lies a rounding above it.
    truth = truth_of(*((photo, LEFT, 0, False) for photo in range(10)))
    curve = only_curve(truth, found(*((photo, LEFT, 0, 0.9) for photo in range(3))))
    assert curve.ap_11pt == pytest.approx(3 / 11)
