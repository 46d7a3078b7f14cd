"""Which results of a retraining may become champions."""

from dataclasses import replace
from pathlib import Path

import pytest

from commands.ci.judging import judge_rung
from pipeline.compare.common_photos import common_photos
from pipeline.compare.comparison import RungComparison, compare_rungs
from pipeline.compare.differences import Difference
from pipeline.cycle.candidate import Candidate, promote
from pipeline.errors import InputError
from pipeline.params.params import Params, load_params
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.registry import Registry
from pipeline.tracking.sqlite_store import local_store
from pipeline.tracking.stores.choice import track_results
from tests.inference.making import saved
from tests.stages.small_project import write_params

pytestmark = pytest.mark.slow


@pytest.fixture
def registry(two_versions: Path) -> Registry:
    """Work in a project with two versions; return their registry."""
    return Registry.open(local_store(two_versions), "bbox")


@pytest.fixture
def params(registry: Registry) -> Params:
    return load_params(Path("params.yaml"))


def candidate(registry: Registry, number: str) -> Candidate:
    """Return a version beside the champion that there is."""
    store = local_store(Path())
    return Candidate(registry, registry.find(number), registry.champion(), store)


def beside_itself(registry: Registry, params: Params, change: float) -> RungComparison:
    """Return a comparison with the base commit in which L1 rose by so much beyond chance."""
    from commands.promote import result_of

    mine = result_of(registry.find("1"), params, local_store(Path()))
    alone = compare_rungs(common_photos(mine, mine))
    headline = Difference("l1_px", 10, 10 + change, change, change - 0.1, change + 0.1, 50, True)
    return replace(alone, differences=[headline, *alone.differences[1:]])


def test_the_first_version_passes_and_the_champion_is_not_asked_again(
    registry: Registry, params: Params
) -> None:
    first = candidate(registry, "1")
    judged = judge_rung(first, params, None, retrained=True)
    assert judged.passed and judged.words.startswith("version 1 passed, as there was no champion")
    assert "passed" in registry.find("1").decision
    registry.promote(first.version, None)
    again = judge_rung(candidate(registry, "1"), params, None, retrained=True)
    assert (again.passed, again.words) == (False, "version 1 is the champion, as before")


def test_the_base_commit_stands_for_a_champion(registry: Registry, params: Params) -> None:
    worse = beside_itself(registry, params, 5.0)
    judged = judge_rung(candidate(registry, "1"), params, worse, retrained=True)
    assert not judged.passed and judged.words == "version 1 refused, worse than the base commit"
    assert [(one.what, one.why) for one in judged.falls] == [("l1_px", "worse than the champion")]
    better = beside_itself(registry, params, -5.0)
    assert judge_rung(candidate(registry, "1"), params, better, retrained=True).passed
    registry.promote(registry.find("2"), None)  # from now on the champion is what counts
    assert judge_rung(candidate(registry, "1"), params, worse, retrained=True).passed


def test_a_floor_is_no_matter_of_the_base_commit(registry: Registry) -> None:
    write_params(Path(), promote__floors={"l1_px": 0.001})
    params = load_params(Path("params.yaml"))
    better = beside_itself(registry, params, -5.0)
    judged = judge_rung(candidate(registry, "1"), params, better, retrained=True)
    assert [one.why for one in judged.falls] == ["floor"]
    figure = f"{judged.falls[0].candidate:.1f}"
    assert judged.words == f"version 1 refused, below a floor: L1 px {figure}"
    assert registry.find("1").decision.endswith(f"Z {judged.words}")
    worse = beside_itself(registry, params, 5.0)
    judged = judge_rung(candidate(registry, "1"), params, worse, retrained=True)
    assert [one.why for one in judged.falls] == ["floor", "worse than the champion"]
    assert judged.words == "version 1 refused, worse than the base commit"


def test_a_champion_of_other_classes_is_a_refusal(registry: Registry, params: Params) -> None:
    """A person may overrule it; before, nothing was judged any more."""
    model = saved(Path("saved/other/bbox"), "bbox")
    track_results([Result("bbox", f"{3:064x}", model=model)], Path())
    registry.promote(registry.find("3"), None)
    judged = judge_rung(candidate(registry, "1"), params, None, retrained=True)
    (fall,) = judged.falls
    assert fall.what == "classes" and not judged.passed
    assert fall.why.startswith("cannot be compared with version 3: classes changed (without cat")
    assert "refused, cannot be compared" in registry.find("1").decision


def test_what_was_refused_stays_so_until_it_is_trained_again(registry: Registry) -> None:
    write_params(Path(), promote__floors={"l1_px": 0.001})
    params = load_params(Path("params.yaml"))
    judged = judge_rung(candidate(registry, "2"), params, None, retrained=False)
    assert [one.why for one in judged.falls] == ["floor"]  # never judged before
    left = judge_rung(candidate(registry, "2"), params, None, retrained=False)
    assert (left.falls, left.passed) == ((), False)
    assert left.words == "version 2 was refused before and stays so"
    assert judge_rung(candidate(registry, "2"), params, None, retrained=True).falls


def test_a_rollback_stays_until_it_is_trained_again(registry: Registry, params: Params) -> None:
    for number in ("1", "2"):
        found = candidate(registry, number)
        assert judge_rung(found, params, None, retrained=True).passed
        promote([found])
    registry.roll_back()
    decision = registry.find("2").decision
    left = judge_rung(candidate(registry, "2"), params, None, retrained=False)
    assert (left.falls, left.passed) == ((), False)
    assert left.words == (
        "version 2 was champion before and stays replaced; "
        "`ladder promote bbox --version 2` brings it back"
    )
    assert registry.find("2").decision == decision and "rolled back to version 1" in decision
    assert judge_rung(candidate(registry, "2"), params, None, retrained=True).passed


def test_a_version_that_a_person_has_replaced_stays_replaced(
    registry: Registry, params: Params
) -> None:
    registry.promote(registry.find("2"), None)
    registry.promote(registry.find("1"), registry.champion())  # by hand: no decision of version 2
    left = judge_rung(candidate(registry, "2"), params, None, retrained=False)
    assert not left.passed and "was champion before" in left.words


def test_what_has_passed_on_another_branch_is_judged_on_main(
    registry: Registry, params: Params
) -> None:
    """There nothing is promoted, and once it is merged nothing is trained again."""
    assert judge_rung(candidate(registry, "1"), params, None, retrained=True).passed
    merged = judge_rung(candidate(registry, "1"), params, None, retrained=False)
    assert merged.passed


def test_a_champion_that_a_person_has_made_meanwhile_stays(
    registry: Registry, params: Params
) -> None:
    registry.promote(registry.find("1"), None)
    second = candidate(registry, "2")
    assert judge_rung(second, params, None, retrained=True).passed
    third = track_results([Result("bbox", f"{3:064x}", model=Path("saved/bbox"))], Path())
    registry.promote(registry.find("3"), registry.champion())
    with pytest.raises(InputError, match="champion is version 3 by now, and version 2 was judged"):
        promote([second])
    champion = registry.champion()
    assert third is not None and champion is not None and champion.number == "3"
