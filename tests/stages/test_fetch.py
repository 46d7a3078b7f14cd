"""The stage as DVC runs it: outputs in place, or one line and the old outputs untouched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.sources.archives import Archive
from stages import fetch
from stages.entry import run_stage
from tests.conftest import ROOT
from tests.data.making import Server, sha256, tar_of, voc_files

Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Go to an empty project; return a function that writes its params.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["fetch"])

    def write(**changes: object) -> None:
        yaml = YAML()
        params = yaml.load((ROOT / "params.yaml").read_text())
        params["fetch"] |= {"source": "demo", "split": "fraction", "val_fraction": 0.25} | changes
        params["fetch"].setdefault("demo", {})
        if "demo" not in changes:
            params["fetch"]["demo"] = {"photos": 8, "size": 48}
        with (tmp_path / "params.yaml").open("w") as file:
            yaml.dump(params, file)

    return write


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """Run the stage, which must fail as it should, and return its one line."""
    with pytest.raises(SystemExit) as ended:
        run_stage(fetch.main)
    assert ended.value.code == 1
    lines = [x for x in capsys.readouterr().err.splitlines() if x.startswith("error: ")]
    assert len(lines) == 1
    assert not list(Path("data").glob("source.*")), "nothing half-made is left"
    return lines[0]


def make_set(folder: Path) -> None:
    """Write a local set of one photo; neither of its two files can be read."""
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"photo")
    (folder / "labels.json").write_bytes(b"labels")


def written() -> dict[str, bytes]:
    """Return the files of data/source."""
    files = sorted(file for file in Path("data/source").rglob("*") if file.is_file())
    return {str(file.relative_to("data/source")): file.read_bytes() for file in files}


def test_the_demo_has_photos_and_their_labels(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    fetch.main()
    pascal = json.loads(Path("data/source/annotations.json").read_text())
    names = {f"photos/{image['file_name']}" for image in pascal["images"]}
    assert set(written()) == names | {"annotations.json"}
    size = sum(len(content) for content in written().values()) / 1e6
    line = f"data/source: 8 photos and 1 other file, {size:.1f} MB\n"
    assert capsys.readouterr().out == line


def test_two_runs_write_the_same_bytes(configure: Configure) -> None:
    configure()
    fetch.main()
    first = written()
    fetch.main()
    assert len(first) == 9
    assert written() == first


def test_a_local_set_is_copied_as_it_is_and_replaces_the_demo(configure: Configure) -> None:
    configure()
    fetch.main()
    make_set(Path("set"))
    configure(source="local", path="set", split="given")
    fetch.main()
    assert written() == {"a.jpg": b"photo", "labels.json": b"labels"}


def test_it_says_what_labels_were_found_and_where(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sets").mkdir()
    make_set(Path("sets/one"))
    Path("sets/two").mkdir()
    Path("sets/two/photos.tar").write_bytes(tar_of(voc_files("a")))
    configure(source="local", path="sets", sources=[{"path": "one"}, {"path": "two"}])
    fetch.main()
    assert capsys.readouterr().out.splitlines()[:2] == [
        "labels: pascal, sets/one/labels.json",
        "labels: voc, sets/two/VOCdevkit/VOC2007/Annotations",
    ]


def test_an_archive_spares_a_set_that_is_called_like_what_is_unpacked(configure: Configure) -> None:
    Path("sets/two").mkdir(parents=True)
    make_set(Path("sets/unpacked"))
    Path("sets/two/photos.tar").write_bytes(tar_of(voc_files("a")))
    configure(source="local", path="sets", sources=[{"path": "unpacked"}, {"path": "two"}])
    fetch.main()
    assert {"unpacked/a.jpg", "unpacked/labels.json"} <= set(written())


def test_two_sets_share_the_photos_of_an_archive(configure: Configure) -> None:
    Path("sets/both").mkdir(parents=True)
    Path("sets/both/photos.tar").write_bytes(tar_of({"a.jpg": b"one", "b.jpg": b"two"}))
    names = ("first.json", "second.json")
    for name in names:
        Path("sets/both", name).write_bytes(b"labels")
    sources = [{"path": "both", "labels": name} for name in names]
    configure(source="local", path="sets", sources=sources)
    fetch.main()
    assert set(written()) == {f"both/{name}" for name in (*names, "a.jpg", "b.jpg")}


def test_photos_are_not_left_for_a_sample_in_a_subfolder(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("set").mkdir()
    make_set(Path("set/sample"))
    for name in ("0.jpg", "1.jpg"):
        Path("set", name).touch()
    configure(source="local", path="set")
    assert "set: 2 photos lie outside the labelled set set/sample, set/0.jpg" in refused(capsys)


def test_the_demo_and_a_copy_of_it_are_alike(configure: Configure) -> None:
    configure()
    fetch.main()
    painted = written()
    shutil.copytree("data/source", "set")
    configure(source="local", path="set")
    fetch.main()
    assert written() == painted


def test_official_archives_leave_the_set_alone(
    configure: Configure, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.content = tar_of(voc_files("000001", "000002"))
    archive = Archive((server.url,), sha256(server.content))
    monkeypatch.setitem(fetch.OFFICIAL, "voc2007", (archive,))
    configure(source="voc2007")
    fetch.main()
    assert set(written()) == {
        *("Annotations/000001.xml", "Annotations/000002.xml", "ImageSets/Main/train.txt"),
        *("JPEGImages/000001.jpg", "JPEGImages/000002.jpg"),
    }


def test_two_sets_in_a_folder_are_refused_and_the_old_outputs_stay(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    fetch.main()
    before = written()
    make_set(Path("set"))
    Path("set/other.json").touch()
    configure(source="local", path="set", split="given")
    assert "set: 2 JSON files (labels.json, other.json); set fetch.labels to" in refused(capsys)
    assert written() == before


def test_an_absent_folder_and_an_unknown_parameter_are_refused(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(source="local", path="absent")
    assert "absent: no such folder" in refused(capsys)
    configure(splitt="given")
    assert "unknown parameter fetch.splitt" in refused(capsys)


def test_as_a_command_it_exits_with_1_and_without_a_traceback(
    configure: Configure, tmp_path: Path
) -> None:
    configure(source="local", path="absent")
    run = subprocess.run(
        [sys.executable, "-m", "stages.fetch"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: absent: no such folder")
    assert run.stderr.count("\n") == 1


def test_it_needs_neither_torch_nor_mlflow() -> None:
    code = "import sys, stages.fetch; print({'torch', 'mlflow', 'pandas'} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "set()", run.stderr
