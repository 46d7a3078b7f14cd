"""Plans of a small project: a feeds b and c, both feed d; e is separate."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.side_by_side.plan import check_targets, read_plan
from tests.commands.one_stage import dvc
from tests.side_by_side.stages import write_stages


@pytest.fixture
def diamond(project: Path) -> Path:
    write_stages(
        e=("echo e > e", []),
        d=("cat b c > d", ["b", "c"]),
        c=("cp a c", ["a", "of_c"]),
        b=("cp a b", ["a"]),
        a=("echo a > a", ["of_a"]),
    )
    for name in ("of_a", "of_c"):
        Path(name).write_text(name)
    return project


def test_nothing_has_run(diamond):
    plan = read_plan([])
    waits_for = {name: set(before) for name, before in plan.waits_for.items()}
    assert waits_for == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}, "e": set()}


def test_a_target_brings_what_it_needs_and_no_more(diamond):
    assert set(read_plan(["b", "e"]).waits_for) == {"a", "b", "e"}


def test_what_is_up_to_date_is_left_out_and_not_waited_for(diamond):
    dvc(diamond, "repro", "--quiet")
    assert read_plan([]).waits_for == {}
    Path("of_c").write_text("another")
    plan = read_plan([])
    assert plan.waits_for == {"c": frozenset(), "d": frozenset({"c"})}
    assert sorted(plan.order) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("targets", [[], ["d", "e"], ["e", "b", "d"]])
def test_the_order_is_that_of_dvc(diamond, targets):
    out = dvc(diamond, "repro", *(targets or ["--all-pipelines"]))
    ran = [line.split("'")[1] for line in out.splitlines() if line.startswith("Running stage")]
    assert read_plan(targets).order == ran


@pytest.mark.parametrize(
    ("yaml", "targets", "message"),
    [
        ("stages: [", [], r"^dvc: unable to read: 'dvc.yaml', .* line 2, column 1"),
        ("stages: {}", ["absent"], "absent"),
    ],
)
def test_what_dvc_refuses_is_one_line(project, yaml, targets, message):
    Path("dvc.yaml").write_text(yaml)
    for ask in (read_plan, check_targets):
        with pytest.raises(InputError, match=message) as error:
            ask(targets or ["see"])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("target", ["a", "dvc.yaml:a", "d"])
def test_a_target_is_a_stage_or_what_one_makes(diamond, target):
    check_targets([target])


def test_an_unknown_target_brings_those_most_like_it(project):
    write_stages(**{"train_ab": ("echo > a", []), "train_b": ("echo > b", [])})
    with pytest.raises(InputError, match="train_a: no such stage; there is train_ab, train_b"):
        check_targets(["train_b", "train_a"])
