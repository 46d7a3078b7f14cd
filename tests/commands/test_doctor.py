"""`ladder doctor`, with a real DVC cache."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import doctor
from commands.doctor import cached_objects, is_sound, locked_versions
from pipeline.errors import InputError
from pipeline.tracking.dvc_lock import read_lock
from pipeline.tracking.mlflow_runs import Result, track_results
from tests.mlflow_store import give_store
from tests.stages.ladder_tree import md5


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder in which DVC has run a stage with a file and a folder as outputs."""
    root = tmp_path_factory.mktemp("finished") / "with a space"
    root.mkdir()
    stage = {"cmd": "mkdir -p d && echo one > d/1 && echo two > 'd/a two' && echo f > f"}
    stages = {"make": stage | {"outs": ["d", "f"]}}
    (root / "dvc.yaml").write_text(json.dumps({"stages": stages}))
    dvc(root, "init", "--no-scm", "--quiet")
    dvc(root, "repro", "--quiet")
    return root


def dvc(root: Path, *words: str) -> None:
    environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
    subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, env=environment, check=True)


def damage(path: Path) -> None:
    path.chmod(0o644)
    path.write_text("damaged")
    path.chmod(0o444)


def object_of(root: Path, content: str) -> Path:
    digest = md5(content)
    return root / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]


def test_no_lock_file_needs_no_objects(tmp_path):
    assert cached_objects({}, tmp_path) == {}


def test_every_object_of_a_folder_is_found(finished):
    cache = finished / ".dvc" / "cache" / "files" / "md5"
    objects = cached_objects(read_lock(finished / "dvc.lock"), cache)
    assert sorted(objects.values()) == ["d", "d/1", "d/a two", "f"]
    assert objects[object_of(finished, "two\n")] == "d/a two"
    assert all(is_sound(path) for path in objects)


def test_a_sound_cache(finished, monkeypatch):
    monkeypatch.chdir(finished)
    (finding,) = doctor.cache()
    assert (finding.what, finding.remedy) == ("cache: 4 objects hashed", "")


def test_a_damaged_object_is_found_and_its_remedy_works(finished, monkeypatch):
    monkeypatch.chdir(finished)
    broken = object_of(finished, "two\n")
    damage(broken)
    fault, _ = doctor.cache()
    assert fault.what == "cache: d/a two is damaged"
    removal = fault.remedy.split("`")[1]
    assert removal == f"rm -rf 'd/a two' '{broken}'"
    subprocess.run(removal, shell=True, check=True)
    dvc(finished, "repro", "--quiet")
    assert broken.read_text() == "two\n" and (finished / "d" / "a two").read_text() == "two\n"
    assert [finding.remedy for finding in doctor.cache()] == [""]


def test_a_damaged_list_of_files_is_found(finished, monkeypatch):
    monkeypatch.chdir(finished)
    (listing,) = (finished / ".dvc" / "cache" / "files" / "md5").glob("*/*.dir")
    before = listing.read_bytes()
    damage(listing)
    assert next(finding.what for finding in doctor.cache()) == "cache: d is damaged"
    listing.chmod(0o644)
    listing.write_bytes(before)


def test_what_is_not_in_the_cache_is_counted(finished, monkeypatch):
    monkeypatch.chdir(finished)
    held = object_of(finished, "f\n")
    held.rename(held.with_suffix(".held"))
    (finding,) = doctor.cache()
    held.with_suffix(".held").rename(held)
    assert finding.what.startswith("cache: 3 objects hashed, 1 not in the cache")


def test_without_dvc_the_remedy_is_named(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "dvc.repo", None)
    with pytest.raises(InputError, match=r"dvc cannot be imported: .*`make clean-venv`"):
        list(doctor.cache())


def test_outside_a_project_the_cache_is_an_input_error(project, monkeypatch):
    with pytest.raises(InputError, match="run from the project's root folder"):
        list(doctor.cache())


def test_locked_versions(tmp_path):
    path = tmp_path / "requirements.lock"
    assert locked_versions(path) == {}
    path.write_text("a==1.0 \\\n    --hash=sha256:x\nb==2 ; python_version < '3'\nb==3\n# c==4\n")
    assert locked_versions(path) == {"a": {"1.0"}, "b": {"2", "3"}}


def test_a_version_beside_the_lock_is_told_and_a_missing_package_is_a_fault(project, monkeypatch):
    (project / "requirements.lock").write_text("dvc==0.1\n")
    monkeypatch.setattr(doctor, "_PACKAGES", ("dvc", "no-such-package"))
    python, dvc_line, absent = doctor.packages()
    assert python.what.startswith("python 3")
    assert "(requirements.lock has 0.1)" in dvc_line.what and not dvc_line.remedy
    assert absent.what == "no-such-package: not installed" and absent.remedy


def test_weights(monkeypatch):
    (finding,) = doctor.weights()
    assert not finding.remedy and "efficientnet-lite0" in finding.what
    monkeypatch.setattr(doctor, "_WEIGHTS_START", "0")
    (finding,) = doctor.weights()
    assert finding.what.endswith("damaged") and finding.remedy
    monkeypatch.setattr(doctor, "_WEIGHTS", ("no_such_package", "x"))
    (finding,) = doctor.weights()
    assert finding.what.endswith("not there") and finding.remedy


def test_a_moved_project_is_told_that_its_store_points_elsewhere(project):
    assert [finding.what for finding in doctor.store()] == ["MLflow store: none yet"]
    track_results([Result("bbox", "f" * 64)], give_store(project))
    assert [finding.remedy for finding in doctor.store()] == [""]
    moved = project / "moved"
    moved.mkdir()
    (project / "mlflow.db").rename(moved / "mlflow.db")
    os.chdir(moved)
    (finding,) = doctor.store()
    assert "moved or copied" in finding.what and finding.remedy


def test_a_damaged_store_is_told(project):
    (project / "mlflow.db").write_text("damaged")
    (finding,) = doctor.store()
    assert finding.what == "mlflow.db is damaged" and "move mlflow.db aside" in finding.remedy


def test_exit_code_and_lines(project, monkeypatch, capsys):
    for name in ("packages", "device", "weights"):
        monkeypatch.setattr(doctor, name, lambda: iter([doctor.Finding("fine")]))
    assert doctor.main(["--no-cache"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "ok    fine"
    monkeypatch.setattr(doctor, "store", lambda: iter([doctor.Finding("bad", "do this")]))
    assert doctor.main(["--no-cache"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "WRONG bad; do this"


def test_device_names_one():
    (finding,) = doctor.device()
    assert finding.what.startswith("device ") and not finding.remedy
