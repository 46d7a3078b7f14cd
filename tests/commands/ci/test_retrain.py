"""`ladder retrain`, in parts; tests/ci/test_cycle.py runs all of it."""

from pathlib import Path

import pytest

from commands.ci import retrain
from commands.ci.retrain import Round
from pipeline.cycle.comment import BaseComparison
from pipeline.errors import InputError

OURS = ["a" * 40, "b" * 40, "c" * 40]


def rounds(monkeypatch: pytest.MonkeyPatch, *ends: Round) -> list[str]:
    """Mock rounds with these ends; return the list of the commits that each is told to know."""
    left, knew = list(ends), []

    def one_round(options: object, branch: object, known: str) -> Round:
        knew.append(known)
        return left.pop(0)

    monkeypatch.setattr(retrain, "retrain", one_round)
    return knew


def test_an_overtaken_round_is_followed_by_another_that_knows_its_commit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    knew = rounds(monkeypatch, Round(overtaken=OURS[0]), Round(overtaken=OURS[1]), Round(3))
    assert retrain.main(["--push", "main"]) == 3
    assert knew == ["", *OURS[:2]]
    assert (
        "trying again on top of it; the commit made here was aaaaaaaaaa" in capsys.readouterr().out
    )


def test_it_gives_up_where_others_are_always_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds(monkeypatch, *(Round(overtaken=ours) for ours in OURS))
    with pytest.raises(InputError, match="main: others pushed results 3 times; run it again"):
        retrain.main(["--push", "main"])


def test_a_wrong_setting_stops_before_any_work(painted_project: Path) -> None:
    with pytest.raises(InputError, match=r"unknown parameter train\.bbox\.epochs"):
        retrain.train(["train.bbox.epochs=3"], "", pull=False)


def test_a_commit_without_results_is_no_side(painted_project: Path) -> None:
    assert retrain.compared_with("HEAD") == BaseComparison(None, "there was none")
