"""A paired bootstrap by hand, for means and for average precision."""

import math

import numpy as np
import pytest

from pipeline.compare.class_draws import draw_classes
from pipeline.compare.differences import Difference, map_difference, mean_difference, reflected
from pipeline.evaluate.detections import Detections, Truth, as_detections, as_truth, take
from pipeline.evaluate.voc_ap import voc_average_precision
from tests.compare.making import LEFT, NOWHERE, RIGHT, common_of, told


def hands_draws(photos):
    """Yield the indices of the photos in each of 500 draws, repeated as often as drawn."""
    generator = np.random.default_rng(0)
    for _ in range(500):
        counts = generator.multinomial(photos, [1 / photos] * photos)
        yield [place for place, count in enumerate(counts) for _ in range(count)]


def middle(values):
    """Return the ends of the middle 95 % of the sorted values."""
    return tuple(np.percentile(sorted(values), [2.5, 97.5]))


def test_no_photo_is_not_known():
    none = mean_difference("accuracy", np.zeros(0), np.zeros(0))
    assert math.isnan(none.change) and math.isnan(none.low)
    assert not none.beyond_chance and none.better == ""


def test_one_photo_has_no_interval():
    one = mean_difference("accuracy", np.zeros(1), np.ones(1))
    assert one.change == 1 and math.isnan(one.low) and not one.beyond_chance


def test_equal_values_differ_by_exactly_nothing():
    values = np.random.default_rng(1).random(50)
    same = mean_difference("mean_iou", values, values.copy())
    assert (same.change, same.low, same.high, same.photos, same.better) == (0, 0, 0, 0, "")


def test_a_mean_by_hand():
    a = np.array([1, 1, 0, 0, 0, 0, 0, 0, 1, 0.0])
    b = np.array([1, 0, 1, 1, 1, 1, 1, 1, 1, 1.0])  # seven gained, one lost
    found = mean_difference("accuracy", a, b)
    assert (found.a, found.b, found.photos) == (0.3, 0.9, 8)
    assert found.change == pytest.approx(0.6)
    drawn = [
        sum(b[p] for p in draw) / 10 - sum(a[p] for p in draw) / 10 for draw in hands_draws(10)
    ]
    assert (found.low, found.high) == pytest.approx(middle(drawn))
    # each photo adds 1, 0 or -1: mean .6, deviation sqrt(.8 - .36) / sqrt(10) = .21
    assert (found.low, found.high) == pytest.approx(
        (0.6 - 1.96 * 0.21, 0.6 + 1.96 * 0.21), abs=0.15
    )
    assert found.better == "B"


def test_what_is_hard_for_both_does_not_widen_the_interval():
    hard = np.random.default_rng(2).normal(10, 5, 100)
    found = mean_difference("l1_px", hard, hard - 1)
    assert (found.low, found.high) == pytest.approx((-1, -1))
    assert found.better == "B"  # lower is better for L1 px


@pytest.mark.parametrize(
    ("metric", "low", "high", "photos", "better"),
    [
        ("accuracy", 0.1, 0.3, 6, "B"),
        ("accuracy", -0.3, -0.1, 6, "A"),
        ("accuracy", 0.0, 0.3, 6, ""),
        ("accuracy", 0.1, 0.3, 5, ""),  # five photos of five: 1 in 16 by chance
        ("l1_px", 0.1, 0.3, 6, "A"),
        ("l1_px", -0.3, -0.1, 6, "B"),
        ("accuracy", math.nan, math.nan, 6, ""),
    ],
)
def test_who_is_better(metric, low, high, photos, better):
    change = 0.2 if low > 0 else -0.2
    values = (metric, 0.5, 0.5 + change, change, low, high, photos)
    assert Difference(*values, both_ways=True).better == better
    assert Difference(*values, both_ways=False).better == ""


def test_reflected_by_hand():
    drawn = np.arange(1001) / 10000  # its middle 95 % are .0025 to .0975
    assert reflected(0.04, drawn) == pytest.approx((0.08 - 0.0975, 0.08 - 0.0025))
    assert reflected(0.98, drawn + 0.9) == pytest.approx((1.06 - 0.0975, 1.0))


def some_answers(seed, objects, hits):
    """Return predictions that find a share of the objects, each with a box on nothing as well."""
    generator = np.random.default_rng(seed)
    return {
        photo: [
            answer
            for name, box in things
            for answer in (
                (name, box if generator.random() < hits else NOWHERE, generator.random()),
                (name, NOWHERE, generator.random() / 2),
            )
        ]
        for photo, things in objects.items()
    }


def a_dozen_and_more():
    """Return 16 photos with a cat, a dog, both or none."""
    kinds = [[("cat", LEFT)], [("dog", RIGHT)], [("cat", LEFT), ("dog", RIGHT)], []]
    return {f"{n}.jpg": kinds[n % 4] for n in range(16)}


def ap_of(truth: Truth, found: Detections, draw, photos):
    """Return the mAP on photos that are actually repeated as often as they are drawn."""
    sides = []
    for side in (truth, found):
        copies = []
        for copy, place in enumerate(draw):
            part = take(side, side.photo == photos[place])
            copies.append({**vars(part), "photo": np.full(len(part.photo), copy)})
        joined = {key: np.concatenate([one[key] for one in copies]) for key in copies[0]}
        sides.append(type(side)(**joined))
    return voc_average_precision(*sides, 2).mean_ap


@pytest.mark.parametrize("hits", [0.5, 0.95])
def test_average_precision_by_hand(tmp_path, hits):
    objects = a_dozen_and_more()
    a, b = some_answers(1, objects, 0.5), some_answers(2, objects, hits)
    common = common_of(tmp_path, objects, a, b)
    found = map_difference("voc_map_50", draw_classes(common))
    truth, photos = as_truth(common.truth), common.images["image_id"].to_numpy()
    sides = [as_detections(one) for one in common.found]
    here = [ap_of(truth, side, range(16), photos) for side in sides]
    drawn = [
        ap_of(truth, sides[1], draw, photos) - ap_of(truth, sides[0], draw, photos)
        for draw in hands_draws(16)
    ]
    change, (low, high) = here[1] - here[0], middle(drawn)
    assert (found.a, found.b, found.change) == pytest.approx((*here, change))
    assert (found.low, found.high) == pytest.approx((2 * change - high, min(1, 2 * change - low)))
    assert found.better == ("B" if min(low, 2 * change - high) > 0 else "")
    hits = [[[box != NOWHERE for _, box, _ in one] for one in side.values()] for side in (a, b)]
    assert found.photos == sum(one != other for one, other in zip(*hits, strict=True))


def test_two_seeds_of_one_recipe_and_a_better_recipe(tmp_path):
    objects = {f"{n}.jpg": [("cat", LEFT), ("dog", RIGHT)] for n in range(60)}
    one, other = (some_answers(seed, objects, 0.6) for seed in (1, 2))
    better = some_answers(3, objects, 0.95)
    seeds = draw_classes(common_of(tmp_path / "seeds", objects, one, other))
    recipes = draw_classes(common_of(tmp_path / "recipes", objects, one, better))
    assert map_difference("voc_map_50", seeds).better == ""
    assert map_difference("voc_map_50", recipes).better == "B"


def rare(photos):
    """Return a hundred photos with a cat each, of which the first few have a dog instead."""
    return {f"{n:03}.jpg": [("dog" if n < photos else "cat", LEFT)] for n in range(100)}


def test_the_only_photo_of_a_class_is_no_difference_beyond_chance(tmp_path):
    """B misses the only dog: half of mAP with two classes, or nothing in a draw without it."""
    objects = rare(1)
    draws = draw_classes(common_of(tmp_path, objects, told(objects), told(objects, [0])))
    found = map_difference("voc_map_50", draws)
    assert (found.change, found.photos) == (-0.5, 1)
    changes = (draws.mean_drawn[1] - draws.mean_drawn[0]).tolist()
    assert set(changes) == {-0.5, 0.0}
    assert changes.count(0.0) / 500 == pytest.approx(0.99**100, abs=0.05)  # .37
    # Reflected about -.5 that is -1 to -.5, which leaves out 0.
    assert (found.low, found.high) == (-1, -0.5) and found.leaves_out_0
    assert not found.both_ways and found.better == ""


def test_noise_elsewhere_does_not_make_it_certain(tmp_path):
    """Enough photos differ, by boxes on nothing, but the whole change comes from the one dog."""
    objects = rare(1)
    stray = {f"{n:03}.jpg": [("cat", LEFT, 0.9), ("cat", NOWHERE, 0.1)] for n in range(50, 100)}
    b = told(objects, [0]) | stray
    found = map_difference(
        "voc_map_50", draw_classes(common_of(tmp_path, objects, told(objects), b))
    )
    assert (found.change, found.photos) == (-0.5, 51)
    assert found.leaves_out_0 and not found.both_ways and found.better == ""


def test_as_many_photos_as_the_rule_wants_do(tmp_path):
    objects = rare(0)
    for missed, better in ((5, ""), (8, "A")):
        common = common_of(tmp_path / better, objects, told(objects), told(objects, range(missed)))
        found = map_difference("voc_map_50", draw_classes(common))
        assert (found.photos, found.better) == (missed, better)


def test_a_mean_that_one_photo_alone_moves_is_within_chance():
    values = np.zeros(100)
    outlier = values.copy()
    outlier[3] = 1000.0
    found = mean_difference("l1_px", values, outlier)
    assert (found.change, found.photos, found.better) == (10.0, 1, "")
