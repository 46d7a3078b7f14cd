"""The stage as DVC runs it: outputs in place, or one line and the old outputs untouched."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages import fetch
from stages.entry import run_stage
from tests.conftest import ROOT
from tests.data.making import CAT, SIZE, voc

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


def labels(**changes: object) -> dict:
    """Return labels of one photo, a.jpg, with some top-level keys replaced."""
    image = {"id": 1, "file_name": "a.jpg", "width": 4, "height": 4}
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}
    whole = {"images": [image], "annotations": [box], "categories": [{"id": 1, "name": "cat"}]}
    return whole | changes


def annotation(**changes: object) -> dict:
    return labels(annotations=[labels()["annotations"][0] | changes])


def image(**changes: object) -> dict:
    return labels(images=[labels()["images"][0] | changes])


def test_demo_is_written_in_the_normal_form(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    fetch.main()
    pascal = json.loads(Path("data/source/annotations.json").read_text())
    splits = [image["split"] for image in pascal["images"]]
    assert (splits.count("train"), splits.count("val")) == (6, 2)
    names = {image["file_name"] for image in pascal["images"]}
    assert {file.name for file in Path("data/source/photos").iterdir()} == names
    objects = len(pascal["annotations"])
    line = f"data/source: 8 photos, {objects} objects, 6 classes; train 6, val 2\n"
    assert capsys.readouterr().out == line


def test_two_runs_write_the_same_bytes(configure: Configure) -> None:
    configure()
    written = []
    for _ in range(2):
        fetch.main()
        files = sorted(file for file in Path("data/source").rglob("*") if file.is_file())
        written.append([(file, file.read_bytes()) for file in files])
    assert len(written[0]) == 9
    assert written[0] == written[1]


def test_a_local_set_is_copied_and_replaces_the_demo(configure: Configure) -> None:
    configure()
    fetch.main()
    Path("set").mkdir()
    Path("set/a.jpg").write_bytes(b"photo")
    Path("set/labels.json").write_text(json.dumps(image(split="train")))
    configure(source="local", path="set", split="given")
    fetch.main()
    assert [file.name for file in Path("data/source/photos").iterdir()] == ["a.jpg"]
    assert Path("data/source/photos/a.jpg").read_bytes() == b"photo"


def test_lesson_leaves_out_photos_that_the_source_keeps_for_val_or_test(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = {"train": "a\nc\n", "val": "b\n", "trainval": "a\nb\nc\n", "test": "d\n"}
    voc(Path("set"), dict.fromkeys("abcd", SIZE + CAT), **lists)
    configure(source="local", path="set", split="lesson")
    fetch.main()
    assert {file.name for file in Path("data/source/photos").iterdir()} == {"a.jpg", "c.jpg"}
    pascal = json.loads(Path("data/source/annotations.json").read_text())
    assert [image["file_name"] for image in pascal["images"]] == ["a.jpg", "c.jpg"]
    assert len(pascal["annotations"]) == 2
    assert capsys.readouterr().out.endswith("2 photos, 2 objects, 1 classes; train 2\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "set/labels.json: line 1 column 2: not JSON"),
        (labels(categories=None), "set/labels.json: key 'categories': not a list"),
        (labels(categories=[{"id": 1, "name": "\ud83d"}]), r"categories[0]: name '\ud83d' is not"),
        (
            image(split="train") | {"info": "\ud83d"},
            "set: labels cannot be written as JSON (",
        ),
        (annotation(category_id=2), "set/labels.json: annotations[0]: category_id 2"),
        (annotation(image_id=2), "set/labels.json: annotations[0]: image_id 2"),
        (labels(images=labels()["images"] * 2), "set/labels.json: images[1]: id 1 is there twice"),
        (annotation(bbox=[0, 0, float("nan"), 2]), "annotations[0] (id 1): bbox"),
        (annotation(bbox=[0, 0, -1, 2]), "negative width"),
        (image(file_name="absent.jpg"), "set/labels.json: photo 'absent.jpg' is missing"),
        (image(file_name="../params.yaml"), "file_name '../params.yaml' leaves the folder"),
        (image(split="dev"), "set: image 'a.jpg': unknown split 'dev'"),
        (image(split="val"), "set: split 'given': no photo of 1 is in train"),
        (image(), "set: image 'a.jpg': has no split"),
    ],
)
def test_bad_labels_end_in_one_line_and_leave_the_old_outputs(
    configure: Configure, capsys: pytest.CaptureFixture[str], content: object, message: str
) -> None:
    configure()
    fetch.main()
    before = Path("data/source/annotations.json").read_bytes()
    Path("set").mkdir()
    Path("set/a.jpg").write_bytes(b"photo")
    text = content if isinstance(content, str) else json.dumps(content)
    Path("set/labels.json").write_text(text)
    configure(source="local", path="set", split="given")
    assert message in refused(capsys)
    assert Path("data/source/annotations.json").read_bytes() == before
    assert len(list(Path("data/source/photos").iterdir())) == 8


def test_an_absent_folder_and_an_unknown_parameter_are_refused(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(source="local", path="absent")
    assert "absent: no such file or folder" in refused(capsys)
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
    assert run.stderr.startswith("error: absent: no such file or folder")
    assert run.stderr.count("\n") == 1


def test_it_needs_neither_torch_nor_mlflow() -> None:
    code = "import sys, stages.fetch; print({'torch', 'mlflow', 'pandas'} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "set()", run.stderr
