"""What `dvc.lock` names, with real damage in the workspace and in a real DVC cache."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo

from pipeline.errors import InputError
from pipeline.repair.aside import DAMAGED
from pipeline.repair.contents import contents_findings, is_sound, list_of, named_contents
from pipeline.tracking.dvc_lock import read_lock
from tests.stages.ladder_tree import md5

CACHE = Path(".dvc/cache/files/md5")
STAGE = "mkdir -p d/b && echo one > d/1 && echo two > 'd/a two' && echo c > d/b/c && echo f > f"
FILES = {"f": "f\n", "d/a two": "two\n", "d/b/c": "c\n"}
HOW = ("truncated", "flipped", "emptied")


def repro() -> None:
    """Do what `dvc repro` does, without the start-up time of DVC."""
    with Repo() as repo:
        repo.reproduce()


def differing() -> dict:
    """Return what `dvc status` reports, which is nothing if all is up to date."""
    with Repo() as repo:
        return repo.status()


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder in which DVC has run a stage with a file and a folder as outputs."""
    root = tmp_path_factory.mktemp("finished") / "with a space"
    root.mkdir()
    stage = {"cmd": STAGE, "outs": [{"d": {"persist": True}}, {"f": {"persist": True}}]}
    (root / "dvc.yaml").write_text(json.dumps({"stages": {"make": stage}}))
    before = os.getcwd()
    os.chdir(root)
    try:
        Repo.init(no_scm=True).close()
        repro()
    finally:
        os.chdir(before)
    return root


@pytest.fixture(autouse=True)
def project(finished, tmp_path, monkeypatch) -> Path:
    """Work in a copy of it."""
    folder = tmp_path / "project"
    shutil.copytree(finished, folder, symlinks=True)
    monkeypatch.chdir(folder)
    return folder


def damage(path: Path, how: str) -> bytes:
    """Damage a file and keep its time stamp, as a failing disk does; return what is there now."""
    stamps, content = path.stat(), bytearray(path.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 4
    else:
        del content[0 if how == "emptied" else len(content) // 2 :]
    path.chmod(0o644)
    path.write_bytes(content)
    os.utime(path, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    return bytes(content)


def object_of(content: str) -> Path:
    digest = md5(content)
    return CACHE / digest[:2] / digest[2:]


def mended() -> list[str]:
    """Return what was wrong, after repairing it."""
    faults = [finding for finding in contents_findings() if finding.remedy]
    for fault in faults:
        fault.mend()
    return [fault.what for fault in faults]


def test_a_sound_project():
    (finding,) = contents_findings()
    assert finding.remedy == ""
    assert finding.what == "contents: 5 hashed, in the workspace and in the cache"


def test_without_a_lock_file_there_is_nothing_to_hash(project):
    Path("dvc.lock").unlink()
    (finding,) = contents_findings()
    assert finding.what.startswith("contents: 0 hashed")


def test_every_object_of_a_folder_is_named_and_its_list_is_as_dvc_writes_it():
    named = list(named_contents(read_lock(Path("dvc.lock")), CACHE))
    places = ["d", "d/1", "d/a two", "d/b/c", "f"]
    assert sorted(content.place.as_posix() for content in named) == places
    assert all(is_sound(content.cached, content.md5) for content in named)
    (listing,) = CACHE.glob("*/*.dir")
    assert list_of(Path("d")) == listing.read_bytes()


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("place", FILES)
def test_a_file_of_the_workspace_is_restored_from_the_cache(place, how):
    if how == "flipped":
        differing()  # which notes the time stamps
    left = damage(Path(place), how)
    if how == "flipped":
        assert differing() == {}  # which is why we hash
    assert mended() == [f"{place} is not what dvc.lock names"]
    assert Path(place).read_text() == FILES[place]
    (aside,) = (path for path in DAMAGED.rglob("*") if path.is_file())
    assert aside.read_bytes() == left and aside.match(place)
    assert mended() == []


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("place", FILES)
def test_an_object_of_the_cache_is_restored_from_the_workspace(place, how):
    broken = object_of(FILES[place])
    left = damage(broken, how)
    assert mended() == [f"cache: {place} is damaged"]
    assert broken.read_text() == FILES[place]
    assert broken.stat().st_mode & 0o222 == 0  # DVC's sign of an object that it need not check
    (aside,) = (path for path in DAMAGED.rglob("*") if path.is_file())
    assert aside.read_bytes() == left
    assert mended() == []


@pytest.mark.parametrize("how", HOW)
def test_the_list_of_a_folder_is_made_again(how):
    (listing,) = CACHE.glob("*/*.dir")
    before = listing.read_bytes()
    damage(listing, how)
    assert mended() == ["cache: d is damaged"]
    assert listing.read_bytes() == before
    assert mended() == []


@pytest.mark.parametrize("place", FILES)
def test_what_is_damaged_in_both_places_is_made_again_by_dvc(place):
    damage(Path(place), "flipped")
    damage(object_of(FILES[place]), "flipped")
    assert sorted(mended()) == [
        f"cache: {place} is damaged",
        f"{place} is not what dvc.lock names",
    ]
    assert not Path(place).exists() and not object_of(FILES[place]).exists()
    repro()
    assert Path(place).read_text() == object_of(FILES[place]).read_text() == FILES[place]
    assert mended() == []


def test_a_folder_and_its_list():
    (listing,) = CACHE.glob("*/*.dir")
    damage(listing, "truncated")
    damage(Path("d/1"), "flipped")
    assert sorted(mended()) == ["cache: d is damaged", "d is not what dvc.lock names"]
    repro()
    assert Path("d/1").read_text() == "one\n"
    assert mended() == []


@pytest.mark.parametrize("place", ["f", "d"])
def test_a_sound_result_is_not_moved_for_a_flipped_digit_of_the_lock_file(place):
    digest = next(
        content.md5
        for content in named_contents(read_lock(Path("dvc.lock")), CACHE)
        if content.place == Path(place)
    )
    flipped = ("0" if digest[0] != "0" else "1") + digest[1:]
    Path("dvc.lock").write_text(Path("dvc.lock").read_text().replace(digest, f"'{flipped}'"))
    told = [finding.what for finding in contents_findings()]
    assert f"{place}: not the result that dvc.lock names; `dvc repro` decides" in told
    assert mended() == []
    repro()
    assert mended() == []


def test_a_result_that_is_made_while_all_is_hashed_is_not_replaced_by_the_old_one():
    damage(Path("f"), "flipped")
    (fault,) = (finding for finding in contents_findings() if finding.remedy)
    Path("dvc.yaml").write_text(Path("dvc.yaml").read_text().replace("echo f", "echo new"))
    repro()
    assert fault.mend() == "nothing left to repair"
    assert Path("f").read_text() == "new\n" and not DAMAGED.exists()
    assert mended() == []


@pytest.mark.parametrize("place", ["f", "d/1"])
def test_what_is_whole_by_now_is_left(place):
    for path in (Path(place), object_of(Path(place).read_text())):
        whole = path.read_bytes()
        damage(path, "flipped")
        (fault,) = (finding for finding in contents_findings() if finding.remedy)
        path.chmod(0o644)
        path.write_bytes(whole)
        assert fault.mend() == "nothing left to repair"
    assert not DAMAGED.exists()


def test_a_remote_brings_what_is_damaged_here(tmp_path):
    with Repo() as repo:
        with repo.config.edit("repo") as config:
            config["core"]["remote"] = "store"
            config["remote"]["store"] = {"url": str(tmp_path / "remote")}
        repo.push()
    damage(Path("f"), "flipped")
    damage(object_of("f\n"), "truncated")
    mended()
    with Repo() as repo:
        repo.pull("f")
    assert Path("f").read_text() == "f\n"
    assert mended() == []


def test_what_is_nowhere_is_counted():
    object_of("f\n").unlink()
    Path("f").unlink()
    (finding,) = contents_findings()
    assert finding.what.endswith(", 1 not here (`dvc pull` or `dvc repro` brings them)")


def test_outside_a_project_is_an_input_error(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(InputError, match="run from the project's root folder"):
        list(contents_findings())


def test_without_dvc_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dvc.repo", None)
    with pytest.raises(InputError, match=r"dvc cannot be imported: .*`make clean-venv`"):
        list(contents_findings())
