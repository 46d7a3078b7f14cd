"""`ladder repro`, with real git and DVC on stages of a line each."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import chdir, closing
from pathlib import Path

import pytest
from dvc.repo import Repo
from filelock import FileLock
from zc.lockfile import LockFile

from commands import repro
from pipeline.errors import InputError
from pipeline.processes import is_running
from pipeline.repair.lock_file import is_sound, stage_names
from tests.conftest import ROOT
from tests.side_by_side.stages import write_stages

pytestmark = pytest.mark.slow  # DVC runs in each


def lock_text() -> str:
    return Path("dvc.lock").read_text()


def test_the_lock_file_is_that_of_a_serial_run(project, tmp_path, capfd):
    """The first stage in order ends last, so that its entry is appended last."""
    write_stages(
        source=("echo 1 > source", []),
        a=("until [ -e b.here ]; do sleep .05; done; sleep 3; cp source a", ["source"]),
        b=("touch b.here; cp source b", ["source"]),
        c=("cat a b > c", ["a", "b"]),
    )
    serial = tmp_path / "serial"
    shutil.copytree(project, serial)
    (serial / "b.here").touch()
    with chdir(serial), Repo() as repo:  # in this process, as DVC takes longer to start
        repo.reproduce(all_pipelines=True)
    assert repro.main(["--jobs", "2"]) == 0
    assert lock_text() == (serial / "dvc.lock").read_text()
    assert capfd.readouterr().out.splitlines()[-1].startswith("4 stages run in ")
    with Repo() as repo:
        assert repo.status() == {}
    assert repro.main(["--jobs", "2"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("0 stages run in ") and out.endswith(", 4 were up to date\n")


def test_without_options_dvc_itself_runs(project):
    """In place of this process; half a lock file is repaired first."""
    write_stages(a=("echo a > a", []), b=("cp a b", ["a"]), c=("touch c", []))
    command = [sys.executable, "-m", "commands.main", "repro"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run([*command, *words], env=environment, capture_output=True, text=True)

    assert "Running stage 'b':" in run("b").stdout and not Path("c").exists()
    Path("dvc.lock").write_text(lock_text()[:-5])
    assert run().stdout.startswith("dvc.lock cannot be read; restored from what can be read of it")
    assert sorted(stage_names(lock_text())) == ["a", "b", "c"]
    assert run().stdout == "3 stages are up to date\n"
    write_stages(a=("exit 7", []))
    assert run().returncode == 255


def test_a_target_on_gpus(project, driver):
    write_stages(a=("echo $CUDA_VISIBLE_DEVICES > a", []), b=("cp a b", ["a"]), c=("touch c", []))
    assert repro.main(["--gpus", "7", "b"]) == 0
    assert Path("b").read_text() == "7\n" and not Path("c").exists()


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there are GPUs here")
def test_gpus_that_are_not_there_are_told_before_a_stage_runs(project):
    write_stages(a=("touch a", []))
    with pytest.raises(InputError, match=r"^--gpus 0,1: no NVIDIA driver here; --jobs N"):
        repro.main(["--gpus", "0,1"])
    assert not Path("a").exists()


def test_a_second_one_is_refused_while_the_first_is_at_work(project):
    write_stages(a=("touch a", []))
    Path(".ladder").mkdir(exist_ok=True)
    with FileLock(".ladder/repro.lock"):
        with pytest.raises(InputError, match="another `ladder repro` is running here; wait for it"):
            repro.main(["--jobs", "1"])
    assert repro.main(["--jobs", "1"]) == 0


def test_a_failure_is_the_last_word(project, capfd):
    write_stages(a=("echo 'error: a.xml: bad'; exit 1", []), b=("cp a b", ["a"]), c=("touch c", []))
    assert repro.main(["--jobs", "2"]) == 1
    assert capfd.readouterr().err.splitlines() == ["error: a: a.xml: bad", "not run: b"]
    assert stage_names(lock_text()) == ["c"]


def test_a_stage_whose_end_meets_another_dvc_waits_for_it(project):
    """Longer than DVC itself would wait."""
    write_stages(a=("touch a.here; until [ -e go ]; do sleep .05; done; touch a", []))
    words = [sys.executable, "-m", "commands.main", "repro", "--jobs", "1"]
    started = subprocess.Popen(words, env=os.environ | {"PYTHONPATH": str(ROOT)})
    while not Path("a.here").exists():
        time.sleep(0.05)
    with closing(LockFile(".dvc/tmp/lock")):  # DVC gives it up before it starts a stage
        Path("go").touch()
        time.sleep(5)
    assert started.wait(60) == 0
    assert stage_names(lock_text()) == ["a"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_who_is_stopped_leaves_no_process_and_a_sound_lock_file(project, number, code):
    """The import of `stages` ties a stage to DVC, and `exec`, as it does with each of ours."""
    code_of_stage = "import os, stages, time; print(1, os.getpid(), flush=True); time.sleep(600)"
    hang = f"exec {sys.executable} -c '{code_of_stage}'"
    write_stages(a=("echo a > a", []), b=(hang, ["a"]), c=(hang, ["a"]), d=("cp b d", ["b"]))
    words = [sys.executable, "-m", "commands.main", "repro", "--jobs", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SHELL": "/bin/sh"}
    started = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    stages: list[int] = []
    while len(stages) < 2:
        said = started.stdout.readline().partition(" | ")[2]
        stages += [int(said.split()[1])] if said.startswith("1 ") else []
    os.kill(started.pid, number)
    started.stdout.read()
    assert started.wait(timeout=60) == code
    deadline = time.monotonic() + 60
    while any(map(is_running, stages)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, stages))
    assert is_sound(lock_text()) and stage_names(lock_text()) == ["a"]


@pytest.mark.parametrize(
    "words", [["--jobs", "0"], ["--gpus", "0,"], ["--jobs", "2", "--gpus", "0"]]
)
def test_where_to_run_is_named_once(words, capsys):
    with pytest.raises(SystemExit) as end:
        repro.main(words)
    assert end.value.code == 2 and "--gpus" in capsys.readouterr().err


def test_outside_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="dvc: "):
        repro.main(["--jobs", "2"])
