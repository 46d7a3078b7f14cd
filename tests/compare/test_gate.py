"""The gate: what is refused, and what passes."""

from dataclasses import replace
from math import isnan
from pathlib import Path

import pytest

from pipeline.compare.comparison import RungComparison, compare_rungs
from pipeline.compare.gate import below_floors, falls
from pipeline.errors import InputError
from pipeline.params.params import PromoteParams
from tests.compare.making import LEFT, RIGHT, common_of, pets, told

RULES = PromoteParams(tolerance=0.01, class_drop=0.5, floors={})
PHOTOS = 60


def compared(folder: Path, champion: range, candidate: range, rung: str = "ssd") -> RungComparison:
    """Return a comparison in which each side misses the objects of some photos."""
    pictures = pets(PHOTOS)
    sides = (told(pictures, champion), told(pictures, candidate))
    return compare_rungs(common_of(folder, pictures, *sides, rung))


def test_an_equal_model_passes(tmp_path: Path) -> None:
    assert falls(compared(tmp_path, range(5), range(5)), RULES) == []


def test_a_better_model_passes(tmp_path: Path) -> None:
    assert falls(compared(tmp_path, range(30), range(5)), RULES) == []


def test_one_that_is_worse_by_more_than_the_tolerance_is_refused(tmp_path: Path) -> None:
    comparison = compared(tmp_path, range(0), range(20))  # misses ten cats and ten dogs of sixty
    fall = falls(comparison, RULES)[0]
    assert (fall.what, fall.champion, fall.why) == ("voc_map_50", 1, "worse than the champion")
    assert fall.candidate < 0.7 and fall.limit == pytest.approx(0.99)
    tolerant = RULES.model_copy(update={"tolerance": 0.9, "class_drop": 0.9})
    assert falls(comparison, tolerant) == []


def test_one_that_is_worse_within_chance_passes(tmp_path: Path) -> None:
    """Two photos of sixty exceed the tolerance, but not chance."""
    comparison = compared(tmp_path, range(0), range(58, 60))
    assert comparison.headline.change < -0.01
    headline = replace(comparison.headline, low=-0.1, high=0.01)
    assert falls(replace(comparison, differences=[headline]), RULES) == []


def test_a_class_that_has_collapsed_is_named(tmp_path: Path) -> None:
    comparison = compared(tmp_path, range(0), range(0, PHOTOS, 2))  # no cat is found
    tolerant = RULES.model_copy(update={"tolerance": 1.0})
    (fall,) = falls(comparison, tolerant)
    assert (fall.what, fall.champion, fall.candidate, fall.limit) == ("cat", 1, 0, 0.5)
    assert fall.why == "collapsed"


def test_of_lengths_less_is_better_and_the_tolerance_is_a_share(tmp_path: Path) -> None:
    pictures = pets(PHOTOS)
    near = {name: [("cat", (0.0, 0.0, 40.0, 42.0), 1.0)] for name in pictures}
    far = {name: [("cat", RIGHT, 1.0)] for name in pictures}
    worse = compare_rungs(common_of(tmp_path / "worse", pictures, near, far, "bbox"))
    fall = falls(worse, RULES)[0]
    assert fall.what == "l1_px" and fall.limit == pytest.approx(1.01 * fall.champion)
    better = compare_rungs(common_of(tmp_path / "better", pictures, far, near, "bbox"))
    assert falls(better, RULES) == []
    assert LEFT != RIGHT


def test_floors_hold_with_a_champion_and_without(tmp_path: Path) -> None:
    comparison = compared(tmp_path, range(5), range(5))
    floors = {"voc_map_50": 0.999, "l1_px": 5.0}  # the second is another rung's
    (fall,) = falls(comparison, RULES.model_copy(update={"floors": floors}))
    assert (fall.what, fall.limit, fall.why) == ("voc_map_50", 0.999, "floor")
    (alone,) = below_floors(comparison, floors, champion=False)
    assert alone.champion != alone.champion  # none
    assert below_floors(comparison, {"voc_map_50": 0.5}, champion=False) == []


def test_a_metric_of_the_rung_that_was_not_measured_misses_its_floor(tmp_path: Path) -> None:
    comparison = compared(tmp_path, range(5), range(5), "combined")
    left = [one for one in comparison.differences if one.metric != "l1_px"]
    floors = {"l1_px": 500.0, "accuracy": 0.1, "voc_map_50": 0.9}
    (fall,) = below_floors(replace(comparison, differences=left), floors, champion=True)
    assert (fall.what, fall.limit, fall.why) == ("l1_px", 500, "floor")
    assert isnan(fall.champion) and isnan(fall.candidate)
    assert below_floors(comparison, floors, champion=True) == []


def test_a_floor_of_no_metric_is_an_error(tmp_path: Path) -> None:
    comparison = compared(tmp_path, range(5), range(5))
    with pytest.raises(InputError, match=r"promote\.floors\.map: no such metric; there are acc"):
        below_floors(comparison, {"map": 0.5}, champion=False)
