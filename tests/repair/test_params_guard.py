"""params.yaml during a run; what kills one is tried in tests/commands/test_run.py."""

import json
import os
from pathlib import Path

import pytest
from dvc.repo import Repo

from pipeline.errors import InputError
from pipeline.repair.params_guard import BACKUP, params_during, restore_params


@pytest.fixture(autouse=True)
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, in the folder in which the test works."""
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True).close()
    path = Path("params.yaml")
    path.write_text("a: 1\n")
    return path


def test_within_the_block_only(params):
    with params_during("a: 2\n"):
        assert params.read_text() == "a: 2\n"
    assert params.read_text() == "a: 1\n"
    assert not BACKUP.exists()


def test_for_good(params):
    with params_during("a: 2\n") as keep:
        keep()
    assert params.read_text() == "a: 2\n"
    assert not BACKUP.exists()


def test_a_block_that_fails(params):
    with pytest.raises(KeyboardInterrupt), params_during("a: 2\n"):
        raise KeyboardInterrupt
    assert params.read_text() == "a: 1\n"


def test_one_at_a_time(params):
    with params_during("a: 2\n"):
        with pytest.raises(InputError, match="another `ladder run` is at work"):
            with params_during("a: 3\n"):
                pass
        with pytest.raises(InputError, match="another `ladder run` is at work"):
            restore_params()
        assert params.read_text() == "a: 2\n"
    assert params.read_text() == "a: 1\n"


def test_not_while_dvc_runs_a_stage(params):
    """It would note these values in dvc.lock for what it has run with the others."""
    runner = {"pid": os.getppid(), "cmd": "dvc repro"}
    Path(".dvc/tmp/rwlock").write_text(json.dumps({"write": {"a": runner}}))
    with pytest.raises(InputError, match="another DVC is at work"), params_during("a: 2\n"):
        pass
    assert params.read_text() == "a: 1\n"
    assert not BACKUP.exists()


def test_after_a_loss_of_power(params):
    assert not restore_params()
    BACKUP.parent.mkdir(exist_ok=True)
    BACKUP.write_text("a: 0\n")
    assert restore_params()
    assert params.read_text() == "a: 0\n"
    assert not restore_params()
    BACKUP.write_text("a: 5\n")
    with params_during("a: 2\n"):
        pass
    assert params.read_text() == "a: 5\n"
