"""`ladder doctor`: which checks, what is printed, and the exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import doctor
from pipeline.repair.finding import Finding


@pytest.fixture
def findings(monkeypatch) -> dict[str, list[Finding]]:
    """Replace all checks by lists, which a test fills."""
    lists: dict[str, list[Finding]] = {name: [Finding(f"{name} fine")] for name in doctor.CHECKS}
    for name, found in lists.items():
        monkeypatch.setitem(doctor.CHECKS, name, lambda found=found: iter(found))
    return lists


def test_all_is_well(findings, capsys):
    assert doctor.main([]) == 0
    names = ["packages", "device", "weights", "lock", "store", "contents"]
    assert capsys.readouterr().out.splitlines() == [f"ok    {name} fine" for name in names]


def test_a_fault_and_its_remedy(findings, capsys):
    findings["store"].append(Finding("bad", "do this", lambda: pytest.fail("mended unasked")))
    assert doctor.main(["--no-cache"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "WRONG bad; do this" and "ok    contents fine" not in lines


def test_one_check_knows_nothing_of_the_others(findings, capsys):
    findings["store"].append(Finding("bad", "do this"))
    assert doctor.main(["--only", "lock"]) == 0
    assert capsys.readouterr().out == "ok    lock fine\n"


def test_what_only_a_person_can_mend_is_left(findings, capsys):
    findings["weights"].append(Finding("bad", "by hand"))
    assert doctor.main(["--fix", "--only", "weights"]) == 1
    assert capsys.readouterr().out == "ok    weights fine\nWRONG bad; by hand\n"


def test_a_project_with_three_faults_is_mended(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    dvc = [sys.executable, "-m", "dvc"]
    Path("dvc.yaml").write_text(json.dumps({"stages": {"a": {"cmd": "echo a > a", "outs": ["a"]}}}))
    subprocess.run([*dvc, "init", "--no-scm", "--quiet"], check=True)
    subprocess.run([*dvc, "repro", "--quiet"], check=True)
    lock = Path("dvc.lock").read_text()
    Path(".ladder").mkdir(exist_ok=True)
    Path(".ladder/dvc.lock").write_text(lock)
    Path("dvc.lock").write_text(lock[:40])
    os.chmod("a", 0o644)
    Path("a").write_text("b\n")
    Path("mlflow.db").write_text("damaged")
    words = ["--fix", "--only", "lock", "--only", "store", "--only", "contents"]
    assert doctor.main(words) == 0
    mended = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MENDED")]
    assert len(mended) == 3
    assert (Path("dvc.lock").read_text(), Path("a").read_text()) == (lock, "a\n")
    assert doctor.main([word for word in words if word != "--fix"]) == 0
