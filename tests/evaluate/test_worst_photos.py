import numpy as np

from pipeline.evaluate.error_kinds import KINDS, find_errors
from pipeline.evaluate.worst_photos import errors_by_photo, worst_photos
from tests.evaluate.test_error_kinds import CAT, WORKED_FOUND, WORKED_TRUTH
from tests.evaluate.test_voc_ap import FAR, LEFT, RIGHT, found, truth_of

NOTHING = find_errors(truth_of(), found(), 2)


def test_no_photos():
    assert worst_photos(NOTHING, np.zeros(0, int), 12) == []


def test_photos_without_objects_and_detections_have_nothing_wrong():
    assert worst_photos(NOTHING, np.array([3, 1]), 12) == [
        (0, "nothing wrong"),
        (1, "nothing wrong"),
    ]


def test_each_kind_is_counted_in_its_photo():
    errors = find_errors(WORKED_TRUTH, WORKED_FOUND, 2)
    counts = errors_by_photo(errors, np.array([9, 7, 8]))
    assert KINDS[-1] == "missed"
    assert counts.tolist() == [[0] * 6, [1, 1, 1, 1, 1, 2], [0] * 6]


def test_the_worst_is_first_and_the_most_frequent_kind_of_error():
    truth = truth_of((5, LEFT, CAT, False), (5, RIGHT, CAT, False), (9, LEFT, CAT, False))
    detections = found((5, FAR, CAT, 0.9), (9, LEFT, CAT, 0.8), (2, FAR, CAT, 0.7))
    errors = find_errors(truth, detections, 2)
    assert worst_photos(errors, np.array([9, 2, 5]), 3) == [
        (2, "2 missed, 1 background"),
        (1, "1 background"),
        (0, "nothing wrong"),
    ]
    assert len(worst_photos(errors, np.array([9, 2, 5]), 2)) == 2


def test_of_equally_bad_photos_the_earlier_comes_first():
    errors = find_errors(truth_of((4, LEFT, CAT, False), (2, LEFT, CAT, False)), found(), 2)
    assert [place for place, _ in worst_photos(errors, np.array([4, 3, 2]), 3)] == [0, 2, 1]
