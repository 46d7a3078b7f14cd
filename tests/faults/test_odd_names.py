"""Names that shells, terminals and paths take for more than names go from fetch to labels."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.formats.layout import find_set
from pipeline.formats.registry import find_format
from pipeline.sources.copies import copy_set
from tests.conftest import ROOT
from tests.data.making import labels, pascal
from tests.faults.kinds import _params
from tests.formats.test_round_trips import ONE_FILE, PHOTOS
from tests.inference.making import pixels_of, saved

NAMES = (
    *(
        "a b.jpg",
        "ü猫\U0001f431.jpg",
        "-rf.jpg",
        "--out.jpg",
        "~.jpg",
        "a.b.jpg",
        "#.jpg",
    ),
    *("$(touch ran).jpg", "`touch ran`.jpg", "; touch ran;.jpg", "| touch ran.jpg", "&.jpg"),
    *("'.jpg", '".jpg', "%s%n.jpg", "{0}.jpg", "*.jpg", "[a].jpg", "@list.jpg", "e\u0301.jpg"),
    "<b>.jpg",
)


def write_photos(folder: Path, names: tuple[str, ...] = NAMES) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(pixels_of(100, 50, number)).save(folder / name, "JPEG")


def given(folder: Path, name: str) -> Path:
    """Write photos with these names and their labels in a format."""
    write_photos(folder / PHOTOS.get(name, ""))
    one = pascal(
        [(at, "cat", (5, 5, 20, 20), 0) for at in range(len(NAMES))], ("train",) * len(NAMES)
    )
    for image, called in zip(one["images"], NAMES, strict=True):
        image["file_name"] = called
    source = labels(one)
    find_format(name).write([source], folder / ONE_FILE.get(name, "."))
    return folder


@pytest.mark.parametrize("name", ["pascal", "voc", "cvat", "labelme", "csv"])
def test_from_fetch_to_tables(tmp_path, monkeypatch, name):
    from stages.tables import make_tables

    monkeypatch.chdir(tmp_path)
    copy_set(find_set(given(tmp_path / "my photos", name)), Path("data/source"))
    tables, findings = make_tables(_params())
    assert sorted(Path(photo).name for photo in tables.images["photo"].to_pylist()) == sorted(NAMES)
    assert len(tables.objects) == len(NAMES)
    assert not list(tmp_path.rglob("ran")) and findings.splits


@pytest.mark.parametrize("name", ["../out.jpg", "/etc/out.jpg", "a\nb.jpg", "a\0.jpg", "..", ""])
def test_what_is_no_name_of_a_photo_is_refused(tmp_path, monkeypatch, name):
    from stages.tables import make_tables

    monkeypatch.chdir(tmp_path)
    write_photos(Path("data/source"), ("a.jpg",))
    source = pascal([(0, "cat", (5, 5, 20, 20), 0)], ("train",))
    source["images"][0]["file_name"] = name
    Path("data/source/annotations.json").write_text(json.dumps(source))
    with pytest.raises(InputError) as error:
        make_tables(_params())
    assert "\n" not in str(error.value) and "; " in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.slow
def test_labelling(tmp_path):
    """As people call it, in a process of its own."""
    write_photos(tmp_path / "- my $(photos)", (*NAMES, "a\nb.jpg"))
    model = saved(tmp_path / "models/ssd_fpn", "ssd_fpn")
    command = [ROOT / ".venv/bin/python", "-m", "commands.main", "label", "--model", str(model)]
    command += ["--score", "0.001", "--format", "pascal", "--format", "voc", "--format", "csv"]
    command += ["--out", tmp_path / "labels.json", "--", tmp_path / "- my $(photos)"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert r"warning: a\nb.jpg: its name holds a control character" in done.stderr
    images = json.loads((tmp_path / "labels.json").read_text())["images"]
    assert sorted(image["file_name"] for image in images) == sorted(NAMES)
    assert not [*tmp_path.rglob("ran"), *ROOT.glob("ran")]


def test_no_shell_is_built_from_input():
    """Every program is started by a list of words, in the library and what people call."""
    rooms = ("pipeline", "stages", "commands")
    text = "".join(path.read_text() for room in rooms for path in (ROOT / room).rglob("*.py"))
    words = r"shell=True|os\.system|os\.popen|getoutput|pickle\.load|(?<![\w.])(?:eval|exec)\("
    assert re.findall(words, text) == []
