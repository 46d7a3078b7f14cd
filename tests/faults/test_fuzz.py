"""A few hundred spoiled inputs of each kind end in one line; `fuzz` reads as many as wanted."""

import random
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.faults.fuzz import MOST_BYTES, Outcome, Tally, fuzz, outcomes, peak_bytes, table
from tests.faults.kinds import KINDS, Kind
from tests.faults.mutations import BYTES, JSON, LINES, TEXT, XML, YAML, mutate

# Which need no network of torch to be made first.
QUICK = [kind for kind in KINDS if kind.name not in ("model folders", "exports")]


def in_this_process(kind: Kind, inputs: int, seed: int) -> Iterator[Outcome]:
    """Yield what comes of inputs; what other tests have left in memory is none of theirs."""
    return outcomes(kind, range(inputs), seed, peak_bytes() + MOST_BYTES)


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # the fuzzer changes it
    monkeypatch.delenv("FUZZ_KEPT", raising=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", QUICK, ids=lambda kind: kind.name)
def test_spoiled_inputs_end_in_one_line(kind, elsewhere):
    found = list(in_this_process(kind, 25, seed=19))
    assert [one.error for one in found if one.error] == []
    assert any(one.declared for one in found)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["model folders", "exports"])
def test_models_of_strangers_end_in_one_line(name, elsewhere):
    kind = next(kind for kind in KINDS if kind.name == name)
    assert [one.error for one in in_this_process(kind, 40, seed=19) if one.error] == []


@pytest.mark.parametrize("mutations", [BYTES, JSON, LINES, TEXT, XML, YAML])
def test_equal_seeds_give_equal_inputs(mutations):
    sound = (ROOT / "params.yaml").read_bytes()
    inputs = [mutate(sound, mutations, random.Random(f"{seed}")) for seed in (*range(60), 0, 1)]
    assert inputs[:2] == inputs[-2:]
    assert len(set(inputs)) > 50


def _make(folder):
    (folder / "a").write_bytes(b"1")
    return [folder / "a"]


def _fail(folder, file):
    content = file.read_bytes()
    if content == b"1":
        return None
    raise ValueError("two\nlines") if len(content) % 2 else KeyError("gone")


def test_what_is_not_declared_is_told_and_kept(elsewhere, monkeypatch, tmp_path):
    monkeypatch.setenv("FUZZ_KEPT", str(tmp_path / "kept"))
    kind = Kind("a test", _make, _fail, BYTES, (ValueError,))
    found = list(in_this_process(kind, 30, seed=1))
    failed = [one for one in found if one.error]
    assert {one.error.splitlines()[-1] for one in failed} == {"lines", "KeyError: 'gone'"}
    for one in failed:
        assert (tmp_path / f"kept/a-test-{one.number}/a").is_file()


def test_the_table_adds_up():
    rows = [Tally("a", 3, 1, 2, 0.5, 10**9), Tally("b", 2, 1, 0, 1.5, 2 * 10**9, ["x"])]
    assert table(rows).splitlines()[-1] == "| all | 5 | 2 | 2 | 1.50 | 2.00 | 1 |"


@pytest.mark.slow
def test_in_child_processes():
    kind = next(kind for kind in KINDS if kind.name == "history, scores, job, review")
    tally = fuzz(kind, 40, seed=3)
    assert (tally.inputs, tally.undeclared) == (40, [])
    assert tally.declared + tally.accepted == 40
