import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.boxes import paired_iou
from pipeline.evaluate.error_kinds import (
    BACKGROUND,
    FOREGROUND,
    KINDS,
    TRUE_POSITIVE,
    errors_by_photo,
    find_errors,
    worst_photos,
)
from tests.evaluate.test_voc_ap import FAR, LEFT, RIGHT, found, random_case, truth_of

CAT, DOG = 0, 1


def tall(left, height=10):
    """A box 10 wide that begins at (left, 0): its IoU with the full one is height / 10."""
    return [left, 0, left + 10, height]


# One detection of each kind, in this order, between two true positives.
WORKED_TRUTH = truth_of(
    (7, tall(0), CAT, False),
    (7, tall(20), DOG, False),
    (7, tall(40), CAT, False),
    (7, tall(60), DOG, False),
    (7, tall(80), CAT, False),
    (7, tall(100), CAT, False),
)
WORKED_FOUND = found(
    (7, tall(0), CAT, 0.9),
    (7, tall(20), CAT, 0.8),
    (7, tall(40, 4), CAT, 0.7),
    (7, tall(60, 3), CAT, 0.6),
    (7, tall(0, 9), CAT, 0.5),
    (7, [0, 50, 10, 60], CAT, 0.4),
    (7, tall(100), CAT, 0.3),
)


def kinds_of(truth, detections):
    return find_errors(truth, detections, 2).kinds.tolist()


def test_one_of_each_kind_by_hand():
    errors = find_errors(WORKED_TRUTH, WORKED_FOUND, 2)
    assert errors.kinds.tolist() == [
        *(TRUE_POSITIVE, "class", "localisation", "both", "duplicate", "background"),
        TRUE_POSITIVE,
    ]
    assert errors.targets.tolist() == [-1, 1, 2, -1, -1, -1, -1]
    assert errors.found.tolist() == [True, False, False, False, False, True]
    # What a `both` error overlaps is missed all the same.
    assert errors.missed.tolist() == [False, False, False, True, True, False]
    assert [errors.photos(kind).tolist() for kind in KINDS] == [[7]] * 5 + [[7, 7]]


def test_neither_objects_nor_detections():
    errors = find_errors(truth_of(), found(), 2)
    assert len(errors.kinds) == len(errors.targets) == len(errors.missed) == 0
    assert all(len(errors.photos(kind)) == 0 for kind in KINDS)


def test_without_detections_all_objects_are_missed():
    assert find_errors(WORKED_TRUTH, found(), 2).missed.all()


def test_in_a_photo_without_objects_all_is_background():
    assert kinds_of(WORKED_TRUTH, found((8, LEFT, CAT, 0.9))) == ["background"]


def test_zero_area_boxes_are_missed_and_background():
    point = [5, 5, 5, 5]
    errors = find_errors(truth_of((1, point, CAT, False)), found((1, point, CAT, 0.9)), 2)
    assert (errors.kinds.tolist(), errors.missed.tolist()) == (["background"], [True])


@pytest.mark.parametrize(
    ("height", "label", "kind"),
    [
        (0.9, CAT, "background"),
        (1, CAT, "localisation"),
        (5, CAT, "localisation"),
        (5.1, CAT, TRUE_POSITIVE),
        (1, DOG, "background"),
        (1.1, DOG, "both"),
        (5, DOG, "both"),
        (5.1, DOG, "class"),
    ],
)
def test_where_the_thresholds_lie(height, label, kind):
    assert kinds_of(truth_of((1, LEFT, CAT, False)), found((1, tall(0, height), label, 0.9))) == [
        kind
    ]


def test_the_wrong_place_is_asked_before_the_wrong_class():
    truth = truth_of((1, LEFT, CAT, False), (1, tall(0, 4), DOG, False))
    errors = find_errors(truth, found((1, LEFT, DOG, 0.9)), 2)
    assert (errors.kinds.tolist(), errors.targets.tolist()) == (["localisation"], [1])


def test_the_wrong_class_comes_before_the_duplicate():
    truth = truth_of((1, LEFT, CAT, False), (1, tall(0, 9), DOG, False))
    assert kinds_of(truth, found((1, LEFT, CAT, 0.9), (1, LEFT, CAT, 0.8))) == [
        TRUE_POSITIVE,
        "class",
    ]


def test_a_duplicate_is_the_one_with_the_lower_score():
    truth = truth_of((1, LEFT, CAT, False))
    better_placed = (1, LEFT, CAT, 0.6)
    assert kinds_of(truth, found(better_placed, (1, tall(0, 9), CAT, 0.7))) == [
        "duplicate",
        TRUE_POSITIVE,
    ]


def test_ignored_objects_and_what_lies_on_them_leave():
    truth = truth_of((1, LEFT, CAT, True), (1, RIGHT, CAT, False))
    detections = found((1, LEFT, CAT, 0.9), (1, LEFT, CAT, 0.8), (1, FAR, CAT, 0.7))
    errors = find_errors(truth, detections, 2)
    assert len(errors.truth.photo) == 1
    assert errors.detections.scores.tolist() == [0.7]
    assert errors.kinds.tolist() == ["background"]
    assert errors.missed.tolist() == [True]


def test_an_ignored_object_is_no_excuse_for_another_class_nor_for_a_bad_box():
    truth = truth_of((1, LEFT, CAT, True))
    assert kinds_of(truth, found((1, LEFT, DOG, 0.9), (1, tall(0, 4), CAT, 0.8))) == [
        "background",
        "background",
    ]


def plain_loop(truth, detections):
    """The same, one detection after another: kinds by row, without those that leave; missed."""

    def best(row, same_class, rows):
        """The most overlapping of these objects, and its IoU."""
        beside = [
            (float(paired_iou(truth.boxes[o].astype(float), detections.boxes[row])), -o)
            for o in rows
            if truth.photo[o] == detections.photo[row]
            and (truth.labels[o] == detections.labels[row]) == same_class
        ]
        iou, negative = max(beside, default=(0.0, 1))
        return -negative, iou

    everything, real = range(len(truth.photo)), np.flatnonzero(~truth.ignore)
    kinds, claimed, targets = {}, set(), set()
    for row in np.argsort(-detections.scores, kind="stable"):
        mine, iou = best(row, True, everything)
        if iou > FOREGROUND and truth.ignore[mine]:
            continue
        mine, iou = best(row, True, real)
        other, other_iou = best(row, False, real)
        if iou > FOREGROUND and mine not in claimed:
            kinds[row] = TRUE_POSITIVE
            claimed.add(mine)
        elif BACKGROUND <= iou <= FOREGROUND:
            kinds[row] = "localisation"
            targets.add(mine)
        elif other_iou > FOREGROUND:
            kinds[row] = "class"
            targets.add(other)
        elif iou > FOREGROUND:
            kinds[row] = "duplicate"
        else:
            kinds[row] = "background" if other_iou <= BACKGROUND else "both"
    return [kinds[row] for row in sorted(kinds)], [o not in claimed | targets for o in real]


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    photos=st.integers(1, 4),
    found_per_photo=st.integers(0, 20),
    num_classes=st.integers(1, 3),
)
def test_every_detection_that_stays_is_true_or_has_the_kind_of_a_plain_loop(
    seed, photos, found_per_photo, num_classes
):
    truth, detections, _ = random_case(seed, photos, found_per_photo, num_classes)
    errors = find_errors(truth, detections, num_classes)
    kinds, missed = plain_loop(truth, detections)
    assert errors.kinds.tolist() == kinds
    assert errors.missed.tolist() == missed
    assert set(kinds) <= {TRUE_POSITIVE, *KINDS[:-1]}
    assert np.count_nonzero(errors.kinds == TRUE_POSITIVE) == np.count_nonzero(errors.found)


def worst_of(truth, detections, photos, limit=12):
    errors = find_errors(truth, detections, 2)
    return worst_photos(errors_by_photo(errors, np.array(photos, int)), limit)


def test_photos_without_errors_are_never_among_the_worst():
    assert worst_of(truth_of(), found(), []) == []
    assert worst_of(truth_of(), found(), [3, 1]) == []
    truth = truth_of((1, LEFT, CAT, False), (2, LEFT, CAT, False))
    assert worst_of(truth, found((1, LEFT, CAT, 0.9)), [1, 2, 3]) == [(1, "1 missed")]


def test_each_kind_is_counted_in_its_photo():
    errors = find_errors(WORKED_TRUTH, WORKED_FOUND, 2)
    counts = errors_by_photo(errors, np.array([9, 7, 8]))
    assert KINDS[-1] == "missed"
    assert counts.tolist() == [[0] * 6, [1, 1, 1, 1, 1, 2], [0] * 6]


def test_the_worst_photo_is_first_and_the_most_frequent_kind_of_error():
    truth = truth_of((5, LEFT, CAT, False), (5, RIGHT, CAT, False), (9, LEFT, CAT, False))
    detections = found((5, FAR, CAT, 0.9), (9, LEFT, CAT, 0.8), (2, FAR, CAT, 0.7))
    worst = [(2, "2 missed, 1 background"), (1, "1 background")]
    assert worst_of(truth, detections, [9, 2, 5]) == worst
    assert worst_of(truth, detections, [9, 2, 5], limit=1) == worst[:1]


def test_of_equally_bad_photos_the_earlier_comes_first():
    truth = truth_of((4, LEFT, CAT, False), (2, LEFT, CAT, False))
    assert [place for place, _ in worst_of(truth, found(), [4, 3, 2])] == [0, 2]
