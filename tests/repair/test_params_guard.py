"""params.yaml during a run; kills are tested in tests/commands/test_run.py."""

import json
import os
from pathlib import Path

import pytest
from dvc.repo import Repo

from pipeline.errors import InputError
from pipeline.repair.params_guard import BACKUP, params_during, restore_params


@pytest.fixture(autouse=True)
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return params.yaml in the working folder of the test."""
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


def test_what_is_edited_meanwhile_is_put_beside(params, capfd):
    with params_during("a: 2\n"):
        params.write_text("a: 2\nb: 3\n")
    assert params.read_text() == "a: 1\n"
    (edited,) = Path().glob("params.edited-*.yaml")
    assert edited.read_text() == "a: 2\nb: 3\n"
    told = f"params.yaml is as it was before; as edited during the run it is {edited}\n"
    assert capfd.readouterr().out == told
    with params_during("a: 4\n") as keep:
        params.write_text("a: 4\nc: 5\n")
        keep()
    assert params.read_text() == "a: 4\nc: 5\n"
    with params_during("a: 6\n"):
        params.unlink()
    with params_during("a: 6\n"):
        params.write_text("a: 4\nc: 5\n")  # as a person may restore it
    assert params.read_text() == "a: 4\nc: 5\n"
    assert list(Path().glob("params.edited-*")) == [edited] and not capfd.readouterr().out


def test_what_is_edited_before_a_loss_of_power_is_found_at_the_next_call(params):
    with params_during("a: 2\n") as keep:
        before = BACKUP.read_bytes()
        keep()
    BACKUP.write_bytes(before)
    assert restore_params() and not list(Path().glob("params.edited-*"))
    BACKUP.write_bytes(before)
    params.write_text("a: 2\nb: 3\n")
    assert restore_params()
    (edited,) = Path().glob("params.edited-*.yaml")
    assert (params.read_text(), edited.read_text()) == ("a: 1\n", "a: 2\nb: 3\n")


def test_one_at_a_time(params):
    with params_during("a: 2\n"):
        with pytest.raises(InputError, match="another `ladder run` is running"):
            with params_during("a: 3\n"):
                pass
        with pytest.raises(InputError, match="another `ladder run` is running"):
            restore_params()
        assert params.read_text() == "a: 2\n"
    assert params.read_text() == "a: 1\n"


def test_not_while_dvc_runs_a_stage(params):
    """It would note these values in dvc.lock for what it has run with the others."""
    runner = {"pid": os.getppid(), "cmd": "dvc repro"}
    Path(".dvc/tmp/rwlock").write_text(json.dumps({"write": {"a": runner}}))
    with pytest.raises(InputError, match="another DVC is running"), params_during("a: 2\n"):
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
