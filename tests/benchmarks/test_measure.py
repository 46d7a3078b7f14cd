"""Times and memory are those of the case that is measured."""

import numpy as np
import pytest

from benchmarks.measure import measure_setting, peak_bytes, run_once
from benchmarks.topic import Case, Setting

CASES = (("a", "ours"), ("b", "peer"))


@pytest.mark.slow
def test_the_peak_is_of_this_program():
    before = peak_bytes()
    assert before > 10 << 20
    block = np.ones(before // 8 + (64 << 20) // 8)  # more than it has had so far
    assert peak_bytes() > before + (32 << 20)
    del block


def test_every_case_runs_once_to_warm_up_and_then_in_turn(monkeypatch):
    monkeypatch.setattr("benchmarks.measure.peak_memory", lambda *_: 7)
    runs = []
    setting = Setting(
        "small",
        3,
        "items",
        lambda: [Case(name, role, lambda n=name: runs.append(n)) for name, role in CASES],
        repeats=2,
    )
    measured = measure_setting("topic", setting)
    assert runs == ["a", "b"] * 3
    assert [case["name"] for case in measured["cases"]] == ["a", "b"]
    assert all(len(case["seconds"]) == 2 and case["peak_mb"] == 7 for case in measured["cases"])


def test_one_case_says_its_peak_last(capsys):
    setting = Setting("small", 1, "items", lambda: [Case("a", "ours", lambda: print("noise"))])
    run_once([setting], "small", "a")
    assert int(capsys.readouterr().out.split()[-1]) > 10
