"""The mean over seeds, and its interval over photos, by hand."""

import numpy as np
import pytest

from benchmarks.ablate.outcome import Outcome, compare
from pipeline.compare.class_draws import draw_classes
from tests.compare.making import LEFT, common_of, pets, told


def test_accuracy_of_two_seeds_by_hand(tmp_path):
    photos = pets(20)
    wrong = {name: [("dog", *rest[1:]) for rest in answer] for name, answer in told(photos).items()}
    half = {**told(photos), **dict(list(wrong.items())[:10])}  # five cats are called dogs
    pairs = [
        common_of(tmp_path / "one", photos, wrong, told(photos), "classifier"),
        common_of(tmp_path / "two", photos, wrong, half, "classifier"),
    ]
    (found,) = compare("more", pairs)
    assert (found.metric, found.baseline, found.value) == ("accuracy", 0.5, pytest.approx(0.875))
    assert found.by_seed == [pytest.approx(0.5), pytest.approx(0.25)]
    # A photo counts the mean over the seeds: of the first cats .5, of the others 1, of dogs 0.
    change = np.array([0.5, 0.0] * 5 + [1.0, 0.0] * 5)
    generator = np.random.default_rng(0)
    drawn = [generator.multinomial(20, [1 / 20] * 20) @ change / 20 for _ in range(500)]
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])))
    assert found.verdict == "rises"


def test_average_precision_is_that_of_each_seed(tmp_path):
    photos = pets(12)
    pairs = [
        common_of(tmp_path / str(seed), photos, told(photos, missed), told(photos))
        for seed, missed in enumerate(([0, 1], [2, 3, 4, 5]))
    ]
    (found,) = compare("more", pairs)
    each = [float(np.diff(draw_classes(pair).mean_here)[0]) for pair in pairs]
    assert found.by_seed == pytest.approx(each)
    assert found.value == 1 and found.baseline == pytest.approx(1 - np.mean(each))
    assert found.low <= np.mean(each) <= found.high


@pytest.mark.parametrize(
    ("by_seed", "low", "high", "verdict"),
    [
        ([0.1, 0.2], 0.05, 0.2, "rises"),
        ([-0.1, -0.2], -0.2, -0.05, "falls"),
        ([0.1, -0.02], 0.01, 0.2, "open"),  # the seeds do not agree
        ([0.1, 0.2], -0.01, 0.3, "open"),
    ],
)
def test_a_verdict_needs_the_interval_and_all_seeds(by_seed, low, high, verdict):
    assert Outcome("a", "accuracy", 0.5, 0.6, by_seed, low, high).verdict == verdict
    assert Outcome("a", "accuracy", 0.5, 0.6, by_seed, low, high, False).verdict == "open"


def test_the_only_photo_of_a_class_leaves_it_open(tmp_path):
    """With both seeds the one dog is missed: half of mAP, or nothing in a draw without it."""
    photos = {f"{n:02}.jpg": [("cat" if n else "dog", LEFT)] for n in range(50)}
    pairs = [
        common_of(tmp_path / seed, photos, told(photos), told(photos, [0])) for seed in ("1", "2")
    ]
    (found,) = compare("less", pairs)
    assert found.by_seed == [-0.5, -0.5] and (found.low, found.high) == (-1, -0.5)
    assert found.verdict == "open"
