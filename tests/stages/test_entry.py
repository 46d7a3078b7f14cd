"""How a stage ends: what the user can fix in one line, the rest with a traceback."""

import ctypes
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from ruamel.yaml import YAML

from pipeline.errors import InputError
from pipeline.params.params import Params
from stages.entry import die_with_parent, naming_originals, run_stage
from tests.conftest import ROOT


def yaml_of(path: Path) -> dict:
    return YAML(typ="safe").load(path.read_text())


def test_a_stage_that_ends_well_goes_on():
    called = []
    run_stage(lambda: called.append(True))
    assert called == [True]


def test_a_stopped_stage_says_what_goes_on(capsys):
    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        run_stage(main)
    assert end.value.code == 130
    assert capsys.readouterr().err == "stopped: run the same command again to go on\n"


def test_a_stage_as_a_process_prints_one_line_and_fails():
    code = (
        "from stages.entry import run_stage\n"
        "from pipeline.errors import InputError\n"
        "def main(): raise InputError('a.jpg: photo: gone; add it')\n"
        "run_stage(main)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: a.jpg: photo: gone; add it\n"


CHILD = """
import sys, time
from stages.entry import die_with_parent
die_with_parent()
print("ready", flush=True)
time.sleep(60)
"""
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE, text=True)
assert child.stdout.readline() == "ready\\n"
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_stage_ends_with_its_parent():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert _runs(child)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
@pytest.mark.parametrize(("parents", "ends"), [((1, 1), False), ((7, 7), False), ((7, 1), True)])
def test_only_a_parent_that_changed_has_ended(monkeypatch, parents, ends):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(prctl=lambda *request: 0))
    monkeypatch.setattr(os, "getppid", iter(parents).__next__)
    with pytest.raises(SystemExit) if ends else nullcontext():
        die_with_parent()


def _runs(process_id):
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # an ended one that nobody has waited for


class TestOriginals:
    """Messages name the user's own files."""

    @pytest.fixture(autouse=True)
    def project(self, tmp_path, monkeypatch):
        """Work in a folder with a set of the user, one level below `mine`, and its copy."""
        monkeypatch.chdir(tmp_path)
        for place in ("mine/set", "data/source"):
            Path(place).mkdir(parents=True)
            Path(place, "labels.json").touch()

    def message(self, text: str, **fetch: object) -> str:
        fetch = {"source": "local", "path": "mine"} | fetch
        params = yaml_of(ROOT / "params.yaml")
        params["fetch"] |= fetch
        with pytest.raises(InputError) as caught, naming_originals(Params(**params).fetch):
            raise InputError(text)
        return str(caught.value)

    def test_the_copy_of_one_set(self):
        said = self.message("data/source/a.jpg: broken, as data/source is; replace it")
        assert said == "mine/set/a.jpg: broken, as mine/set is; replace it"

    def test_copies_of_several_sets_whose_names_begin_alike(self):
        for place in ("mine/a", "mine/ab/below", "data/source/a", "data/source/ab"):
            Path(place, "photos").mkdir(parents=True)
        sources = [{"path": "a"}, {"path": "ab"}, {"path": "absent"}]
        said = self.message("data/source/ab/x.jpg and data/source/a/y.jpg", sources=sources)
        assert said == "mine/ab/below/x.jpg and mine/a/y.jpg"

    def test_what_is_no_copy_keeps_its_name(self):
        text = "data/source/a.jpg: broken; replace it"
        assert self.message(text, source="demo") == text
        assert self.message(text, path="absent") == text
        assert self.message("data/sources: no such folder; x") == "data/sources: no such folder; x"
