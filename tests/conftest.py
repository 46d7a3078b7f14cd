"""Fixtures that several folders of tests share."""

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.tables.build import Tables, build_tables
from tests.data.making import SMALL, Server, labels, pascal
from tests.made_once import keep_in, made_once

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Tests compute so little that threads cost more than they gain, above all beside other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test is timed: a busy machine takes many times as long.
settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests, so that none goes on when all others are done."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session", autouse=True)
def folder_of_run(request: pytest.FixtureRequest, tmp_path_factory) -> None:
    """Let the workers of this run share what one of them has made."""
    own = tmp_path_factory.getbasetemp()
    # A worker's is inside that of the run.
    keep_in(own.parent if hasattr(request.config, "workerinput") else own)


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Return a function from a data set's name to its folder; it skips where the set is absent."""

    def find(name: str) -> Path:
        folder = Path(os.environ.get("SHARED", ROOT.parent / "shared")) / name
        if not folder.is_dir():
            pytest.skip(f"{name} is not at {folder}; set SHARED to the folder that holds it")
        return folder

    return find


@pytest.fixture(scope="session")
def together():
    """Return what calls a function, with arguments, in two processes that train together."""
    from tests.two_ranks import two_processes  # torch: only where it is needed

    with two_processes() as call:
        yield call


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def tables() -> Tables:
    """Return the tables of two photos with objects and one without."""
    return build_tables(labels(pascal(SMALL)))


@pytest.fixture(scope="module")
def one_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all examples of a property; pytest's own has the files of every test in it."""
    return tmp_path_factory.mktemp("examples")


def stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a stage in this process from minding DVC."""
    monkeypatch.delenv("DVC_ROOT", raising=False)


@pytest.fixture(scope="session")
def painted() -> Path:
    """Return a project with source, tables and pixels; not to be changed."""

    def paint(root: Path) -> None:
        from tests.stages.small_project import paint_project  # torch: only where it is needed

        before = os.getcwd()
        try:
            paint_project(root)
        finally:
            os.chdir(before)

    return made_once("painted", paint)


@pytest.fixture(scope="session")
def evaluated(painted) -> Path:
    """Return a project in which every rung has answered and is evaluated; not to be changed."""

    def evaluate_all(root: Path) -> None:
        from stages import evaluate
        from tests.stages.answers import TASKS, answer
        from tests.stages.small_project import run_main

        shutil.copytree(painted, root, dirs_exist_ok=True)
        with pytest.MonkeyPatch.context() as monkeypatch:
            stand_alone(monkeypatch)
            monkeypatch.chdir(root)
            for rung in TASKS:
                answer(rung, wrong=0.5)
                run_main(evaluate, rung)

    return made_once("evaluated", evaluate_all)


@pytest.fixture
def painted_project(painted, tmp_path, monkeypatch) -> Path:
    """Work in a copy of the painted project."""
    stand_alone(monkeypatch)
    shutil.copytree(painted, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command of NVIDIA's driver, which knows any GPU but number 9."""
    folder = tmp_path / "driver"
    folder.mkdir()
    command = folder / "nvidia-smi"
    command.write_text("#!/bin/sh\n[ $1 != --id=9 ]\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
