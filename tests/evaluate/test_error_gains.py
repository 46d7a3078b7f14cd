import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluate.error_gains import error_gains, fixed
from pipeline.evaluate.error_kinds import KINDS, find_errors
from pipeline.evaluate.voc_ap import voc_average_precision
from tests.evaluate.test_error_kinds import CAT, DOG, WORKED_FOUND, WORKED_TRUTH, tall
from tests.evaluate.test_voc_ap import LEFT, RIGHT, found, random_case, truth_of


def gains_of(truth, detections):
    return error_gains(find_errors(truth, detections, 2), 2)


def test_by_hand():
    # Four cats, ranked: right, five wrong, right: AP (1 + 2/7) / 4. Two dogs, none found: AP 0.
    before = (1 + 2 / 7) / 4 / 2
    without_one = (1 + 2 / 6) / 4
    after = {
        "class": (without_one + 1 / 2) / 2,  # and of two dogs the first detection finds one
        "localisation": (1 + 2 / 3 + 3 / 7) / 4 / 2,  # ranks 1, 3 and 7 are right
        "both": without_one / 2,
        "duplicate": without_one / 2,
        "background": without_one / 2,
        "missed": (1 + 2 / 7) / 3 / 2,  # a cat less to find, and a dog
    }
    gains = gains_of(WORKED_TRUTH, WORKED_FOUND)
    assert gains == pytest.approx({kind: after[kind] - before for kind in KINDS})


def test_nothing_to_find_is_nan():
    for detections in (found(), found((1, LEFT, CAT, 0.9))):
        assert np.isnan(list(gains_of(truth_of(), detections).values())).all()
    assert np.isnan(list(gains_of(truth_of((1, LEFT, CAT, True)), found()).values())).all()


def test_where_nothing_was_found_the_missed_tell_nothing():
    assert gains_of(WORKED_TRUTH, found()) == dict.fromkeys(KINDS, 0)


def test_a_perfect_rung_gains_nothing():
    truth = truth_of((1, LEFT, CAT, False), (1, RIGHT, DOG, False))
    detections = found((1, LEFT, CAT, 0.9), (1, RIGHT, DOG, 0.8))
    assert gains_of(truth, detections) == dict.fromkeys(KINDS, 0)


@pytest.mark.parametrize(
    ("kind", "box", "label"), [("class", LEFT, DOG), ("localisation", tall(0, 4), CAT)]
)
def test_only_the_best_of_several_errors_on_an_object_is_corrected(kind, box, label):
    truth = truth_of((1, LEFT, CAT, False), (1, RIGHT, CAT, False))
    errors = find_errors(truth, found(*((1, box, label, score) for score in (0.7, 0.9, 0.8))), 2)
    (cats, dogs) = fixed(errors, kind, 2).curves
    assert (cats.precision.tolist(), cats.scores.tolist()) == ([1], [0.9])
    assert len(dogs.precision) == 0


@pytest.mark.parametrize(
    ("kind", "box", "label"), [("class", LEFT, DOG), ("localisation", tall(0, 4), CAT)]
)
def test_an_error_on_an_object_that_is_found_is_dropped_though_it_scores_higher(kind, box, label):
    truth = truth_of((1, LEFT, CAT, False))
    errors = find_errors(truth, found((1, box, label, 0.9), (1, LEFT, CAT, 0.5)), 2)
    (cats, dogs) = fixed(errors, kind, 2).curves
    assert (cats.precision.tolist(), cats.scores.tolist()) == ([1], [0.5])
    assert len(dogs.precision) == 0


def test_a_class_whose_objects_are_all_missed_keeps_its_share_of_the_mean():
    # One of two cats is found, no dog: AP 1/2 and 0. Without the missed: 1 and still 0.
    truth = truth_of((1, LEFT, CAT, False), (1, RIGHT, CAT, False), (2, RIGHT, DOG, False))
    gains = gains_of(truth, found((1, LEFT, CAT, 0.9)))
    assert gains["missed"] == pytest.approx((1 + 0) / 2 - (1 / 2 + 0) / 2)


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    photos=st.integers(1, 6),
    found_per_photo=st.integers(0, 25),
    num_classes=st.integers(1, 4),
)
def test_fixing_never_lowers_a_class(seed, photos, found_per_photo, num_classes):
    truth, detections, _ = random_case(seed, photos, found_per_photo, num_classes)
    errors = find_errors(truth, detections, num_classes)
    before = [curve.ap for curve in voc_average_precision(truth, detections, num_classes).curves]
    np.testing.assert_allclose(
        [curve.ap for curve in fixed(errors, "", num_classes).curves], before, atol=1e-12
    )
    for kind, gain in error_gains(errors, num_classes).items():
        after = [curve.ap for curve in fixed(errors, kind, num_classes).curves]
        worse = np.array(after) < np.array(before) - 1e-12  # false where either is NaN
        assert not worse.any()
        assert not gain < 0 and not gain > 1
        if not len(errors.photos(kind)):
            assert not gain > 0
