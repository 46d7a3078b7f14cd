"""How a stage ends: what the user can fix in one line, the rest with a traceback."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.errors import InputError
from pipeline.params.params import Params
from stages.entry import naming_originals, run_stage
from tests.conftest import ROOT


def yaml_of(path: Path) -> dict:
    return YAML(typ="safe").load(path.read_text())


@pytest.fixture(autouse=True)
def signals():
    """Restore what a stage, which owns its process, does on a signal."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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
import time
from stages.entry import run_stage

def main():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", flush=True)

run_stage(main)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stage_that_is_told_to_stop_cleans_up(number):
    stage = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert stage.stdout.readline() == "ready\n"
    stage.send_signal(number)
    out, err = stage.communicate(timeout=60)
    assert (stage.returncode, out) == (130, "cleaned up\n")
    assert err == "stopped: run the same command again to go on\n"


HANGS = """
import time
from stages import entry
entry._SECONDS_TO_CLEAN_UP = 1

def main():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        time.sleep(600)

entry.run_stage(main)
"""


def test_a_stage_that_cannot_clean_up_ends_none_the_less():
    stage = subprocess.Popen([sys.executable, "-c", HANGS], stdout=subprocess.PIPE, text=True)
    assert stage.stdout.readline() == "ready\n"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        stage.send_signal(number)
    assert stage.wait(60) == -signal.SIGALRM


def test_every_stage_is_started_alike():
    for stage in (path for path in (ROOT / "stages").glob("*.py") if path.stem[0] != "_"):
        if stage.stem != "entry":
            assert stage.read_text().endswith('if __name__ == "__main__":\n    run_stage(main)\n')


class TestOriginals:
    """Messages name the user's own files."""

    @pytest.fixture(autouse=True)
    def project(self, tmp_path, monkeypatch):
        """Work in a folder with a set of the user, one level below `mine`, and its copy."""
        monkeypatch.chdir(tmp_path)
        for place in ("mine/set", "data/source"):
            Path(place).mkdir(parents=True)
            Path(place, "labels.json").touch()

    def message(self, *lines: str, **fetch: object) -> str:
        fetch = {"source": "local", "path": "mine"} | fetch
        params = yaml_of(ROOT / "params.yaml")
        params["fetch"] |= fetch
        with pytest.raises(InputError) as caught, naming_originals(Params(**params).fetch):
            raise InputError(*lines)
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

    def test_the_folder_of_several_sets(self):
        Path("data/source/a").mkdir()
        sources = [{"path": "a"}, {"path": "absent"}]
        said = self.message("data/source: class cat: x; data/source/absent: y", sources=sources)
        assert said == "mine: class cat: x; data/source/absent: y"

    def test_an_original_that_is_called_like_a_copy(self, tmp_path):
        place = tmp_path / "disk/data/source"
        Path("data/source/a").mkdir()
        (place / "a").mkdir(parents=True)
        sources = [{"path": "a", "labels": name} for name in ("x.json", "y.json")]
        said = self.message("data/source/a/x.json: z", path=str(place), sources=sources)
        assert said == f"{place}/a/x.json: z"

    def test_lines_below_the_message_stay_lines(self):
        said = self.message("data/source: no labels; one of:", "  csv: data/source/a.csv")
        assert said == "mine/set: no labels; one of:\n  csv: mine/set/a.csv"

    def test_what_is_no_copy_keeps_its_name(self):
        text = "data/source/a.jpg: broken; replace it"
        assert self.message(text, source="demo") == text
        assert self.message(text, path="absent") == text
        assert self.message("data/sources: no such folder; x") == "data/sources: no such folder; x"
