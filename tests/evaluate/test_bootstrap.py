"""Intervals by hand, and the mAP of a draw against that of photos that really are duplicated."""

import math

import numpy as np
import pytest

from pipeline.evaluate.bootstrap import (
    class_rankings,
    draws_of,
    interval,
    map_interval,
    mean_ap_of_draws,
    mean_interval,
    proportion_interval,
    with_rule_of_three,
)
from pipeline.evaluate.detections import Detections, Truth, take
from pipeline.evaluate.voc_ap import voc_average_precision

CLASSES = 3
PHOTOS = np.array([40, 10, 30, 20, 50])  # ids in no order; nothing is in the last


def truth_of(photo, labels, boxes, ignore):
    return Truth(np.array(photo), np.array(boxes, float), np.array(labels), np.array(ignore))


def found_of(photo, labels, boxes, scores):
    return Detections(np.array(photo), np.array(boxes, float), np.array(labels), np.array(scores))


def boxes_of(generator, number):
    corner, side = generator.uniform(0, 10, (number, 2)), generator.uniform(1, 10, (number, 2))
    return np.concatenate([corner, corner + side], 1)


def a_sample(seed):
    """Return objects and detections, half of them near an object, in all photos but one."""
    generator = np.random.default_rng(seed)
    photo = generator.choice(PHOTOS[:4], 12)
    labels, boxes = generator.integers(0, CLASSES, 12), boxes_of(generator, 12)
    truth = truth_of(photo, labels, boxes, generator.random(12) < 0.2)
    near = generator.integers(0, 12, 15)
    far = generator.choice(PHOTOS, 15)
    found = found_of(
        np.concatenate([photo[near], far]),
        np.concatenate([labels[near], generator.integers(0, CLASSES, 15)]),
        np.concatenate([boxes[near] + generator.normal(0, 0.5, (15, 1)), boxes_of(generator, 15)]),
        generator.permutation(30) / 30,
    )
    return truth, found


def rankings_of(truth, found):
    return class_rankings(truth, found, PHOTOS, CLASSES)


def test_draws_are_as_large_as_the_sample_and_always_alike():
    draws = np.concatenate(list(draws_of(7)))
    assert draws.shape == (500, 7)
    assert (draws.sum(1) == 7).all()
    assert np.array_equal(draws, np.concatenate(list(draws_of(7))))
    assert abs(draws.mean(0) - 1).max() < 0.15
    assert len(np.unique(draws, axis=0)) > 100


def test_draws_of_many_photos_come_few_at_a_time():
    parts = list(draws_of(10_000))
    assert sum(map(len, parts)) == 500
    assert max(part.size for part in parts) <= 2**21
    wide = list(draws_of(10, width=2**20))
    assert max(map(len, wide)) == 2
    assert np.array_equal(np.concatenate(wide), np.concatenate(list(draws_of(10))))


def test_interval_by_hand():
    assert interval(np.arange(1001.0)) == (25, 975)
    assert interval(np.array([np.nan, 3.0])) == (3, 3)
    assert all(map(math.isnan, interval(np.array([np.nan]))))


def test_mean_interval_of_equal_values_is_a_point():
    assert mean_interval(np.full(9, 0.25)) == (0.25, 0.25)


def test_mean_interval_agrees_with_the_normal_one():
    right = np.arange(500) % 5 > 0  # .8 of 500, a standard error of .0179
    low, high = mean_interval(right)
    assert (low, high) == pytest.approx((0.8 - 1.96 * 0.0179, 0.8 + 1.96 * 0.0179), abs=0.006)


@pytest.mark.parametrize(
    ("successes", "count", "expected"),
    [
        (40, 40, (0.912, 1)),  # not "1 to 1": 40 / (40 + 1.96 ** 2) is the lower end
        (0, 40, (0, 0.088)),
        (5, 10, (0.237, 0.763)),  # 0.5 -+ 1.96 * sqrt(0.25 / 10 + 0.96 / 100) / 1.384
        (0, 1, (0, 0.793)),
    ],
)
def test_wilsons_interval_by_hand(successes, count, expected):
    assert proportion_interval(successes, count) == pytest.approx(expected, abs=1e-3)


def test_at_the_edge_the_rule_of_three_holds():
    assert with_rule_of_three(1.0, (1.0, 1.0), 60) == (0.95, 1.0)
    assert with_rule_of_three(0.0, (0.0, 0.0), 60) == (0.0, 0.05)
    assert with_rule_of_three(1.0, (1.0, 1.0), 2) == (0.0, 1.0)
    assert with_rule_of_three(0.9, (0.8, 1.0), 60) == (0.8, 1.0)
    assert all(map(math.isnan, with_rule_of_three(math.nan, (0.0, 0.0), 60)))


def test_map_of_1_on_40_photos_is_not_a_point():
    photos, boxes = np.arange(40), np.tile([0.0, 0, 10, 10], (40, 1))
    truth = truth_of(photos, photos % 2, boxes, np.zeros(40, bool))
    perfect = found_of(photos, photos % 2, boxes, np.full(40, 0.9))
    assert map_interval(truth, perfect, photos, 2) == (1 - 3 / 40, 1)
    nothing = found_of([], [], np.empty((0, 4)), [])
    assert map_interval(truth, nothing, photos, 2) == (0, 3 / 40)


@pytest.mark.parametrize("found", [0, 1, 2])
def test_one_photo_with_objects_says_nothing_of_others(found):
    boxes = np.array([[0.0, 0, 10, 10], [20, 20, 30, 30]])
    truth = truth_of([3, 3], [0, 1], boxes, np.zeros(2, bool))
    some = found_of([3] * found, [0, 1][:found], boxes[:found], np.full(found, 0.9))
    for photos in (np.array([3]), np.arange(5)):
        assert map_interval(truth, some, photos, 2) == (0, 1)


def test_nothing_to_draw_is_nan():
    nothing = truth_of([], [], np.empty((0, 4)), np.empty(0, bool))
    found = found_of([], [], np.empty((0, 4)), [])
    assert all(map(math.isnan, mean_interval(np.empty(0))))
    assert all(map(math.isnan, mean_interval(np.ones(1))))  # one photo says nothing of others
    assert all(map(math.isnan, proportion_interval(0, 0)))
    assert all(map(math.isnan, map_interval(nothing, found, np.empty(0, int), 2)))
    assert all(map(math.isnan, map_interval(nothing, found, PHOTOS, 2)))


def test_every_photo_once_is_the_map_itself():
    for seed in range(5):
        truth, found = a_sample(seed)
        (ap,) = mean_ap_of_draws(rankings_of(truth, found), [np.ones((1, 5), int)])
        expected = voc_average_precision(truth, found, CLASSES).mean_ap
        assert ap == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("counts", [[2, 0, 1, 1, 1], [0, 3, 0, 2, 0], [1, 0, 0, 0, 4]])
@pytest.mark.parametrize("seed", range(4))
def test_a_photo_drawn_twice_is_two_photos(seed, counts):
    truth, found = a_sample(seed)
    (ap,) = mean_ap_of_draws(rankings_of(truth, found), [np.array([counts])])
    truths, founds = [], []
    for photo, count in zip(PHOTOS, counts, strict=True):
        for copy in range(count):
            for side, copies in ((truth, truths), (found, founds)):
                part = take(side, side.photo == photo)
                copies.append(type(side)(**{**vars(part), "photo": part.photo + 1000 * copy}))
    expected = voc_average_precision(joined(truths), joined(founds), CLASSES).mean_ap
    assert ap == pytest.approx(expected, abs=1e-12, nan_ok=True)


def joined(sides):
    names = vars(sides[0])
    return type(sides[0])(**{n: np.concatenate([vars(s)[n] for s in sides]) for n in names})


def test_map_interval_holds_the_map_and_narrows_with_photos():
    truth, found = a_sample(1)
    many = [
        joined([type(s)(**{**vars(s), "photo": s.photo + 1000 * k}) for k in range(40)])
        for s in (truth, found)
    ]
    photos = np.concatenate([PHOTOS + 1000 * k for k in range(40)])
    ap = voc_average_precision(truth, found, CLASSES).mean_ap
    low, high = map_interval(truth, found, PHOTOS, CLASSES)
    lower, higher = map_interval(*many, photos, CLASSES)
    assert low < lower < ap < higher < high


def test_map_interval_holds_the_map_of_all_photos():
    everywhere = a_population(20_000, seed=0)
    expected = voc_average_precision(*everywhere, CLASSES).mean_ap
    held = 0
    for seed in range(1, 61):
        photos = np.arange(40)
        low, high = map_interval(*a_population(len(photos), seed), photos, CLASSES)
        held += low < expected < high
    assert held >= 50  # of 60, nominally 57; the middle 95 % of the draws hold it 43 times


@pytest.mark.parametrize("seed", range(4))
def test_map_interval_contains_the_map_where_classes_are_many_and_rare(seed):
    rare = a_population(800, seed, classes=200)
    ap = voc_average_precision(*rare, 200).mean_ap
    low, high = map_interval(*rare, np.arange(800), 200)
    assert 0 < low < ap <= high + 1e-9 < 1


def a_population(photos, seed, classes=CLASSES):
    """Return one object per photo, and detections that are right more often at higher scores."""
    generator = np.random.default_rng(seed)
    photo, labels = np.arange(photos), generator.integers(0, classes, photos)
    boxes = np.tile([0.0, 0, 10, 10], (photos, 1))
    truth = truth_of(photo, labels, boxes, np.zeros(photos, bool))
    scores = generator.random(3 * photos)
    wrong = generator.random(3 * photos) > scores / 2
    found = found_of(
        np.repeat(photo, 3),
        np.repeat(labels, 3),
        np.repeat(boxes, 3, 0) + 100 * wrong[:, None],
        scores,
    )
    return truth, found
