"""`ladder label`, with a small trained rung on real files."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from commands import main as ladder
from pipeline.formats.read import read_labels
from pipeline.tables.photos import with_photos
from stages import train
from tests.stages.small_project import run_main

pytestmark = pytest.mark.slow  # two rungs are trained first


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(["label", *arguments])
    return end.value.code


def boxes(path: str) -> list[dict]:
    return json.loads(Path(path).read_text())["annotations"]


@pytest.fixture(scope="module")
def trained_models(painted, tmp_path_factory):
    """Train two rungs once; return the folder with their models."""
    root, before = tmp_path_factory.mktemp("labelling") / "project", os.getcwd()
    shutil.copytree(painted, root)
    os.chdir(root)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("stages.train.die_with_parent", lambda: None)
            for rung in ("ssd_fpn", "bbox"):
                run_main(train, rung)
    finally:
        os.chdir(before)
    return root / "models"


@pytest.fixture
def project(painted_project, trained_models):
    """Work in a project with two models and a folder of new photos, one in a subfolder."""
    (painted_project / "models").symlink_to(trained_models)
    new = painted_project / "new"
    (new / "more").mkdir(parents=True)
    for number, path in enumerate(sorted((painted_project / "data/source/photos").iterdir())[:5]):
        with Image.open(path) as photo:
            photo.save(new / ("more" if number > 3 else "") / path.name)
    return painted_project


def test_labels_are_training_data_again(project, capsys):
    assert run("new", "--score", "0.001") == 0
    out = capsys.readouterr().out
    labels = json.loads(Path("new/labels.json").read_text())
    assert out == f"new/labels.json: {len(labels['annotations'])} boxes in 5 photos\n"
    assert len(labels["images"]) == 5 and labels["annotations"]
    again = with_photos(read_labels(Path("new")), Path("new"))
    assert again.images["photo"].to_pylist() == [image["file_name"] for image in labels["images"]]
    assert len(again.ids) == len(labels["annotations"])


def test_a_higher_score_leaves_fewer_boxes(project):
    for score in ("0.001", "0.99"):
        assert run("new", "--score", score, "--out", f"{score}.json") == 0
    assert len(boxes("0.99.json")) < len(boxes("0.001.json"))


def test_without_a_score_each_class_has_its_own(project, capsys):
    classes = json.loads(Path("models/ssd_fpn/model.json").read_text())["classes"]
    scores = Path("evaluation/ssd_fpn/label_scores.json")
    scores.parent.mkdir(parents=True)
    for name, score in (("none", 0.9999), ("all", 0.06)):
        scores.write_text(json.dumps(dict.fromkeys(classes, score)))
        assert run("new", "--out", f"{name}.json") == 0
    assert "no label scores by class" not in capsys.readouterr().err
    none, many = (len(boxes(f"{n}.json")) for n in ("none", "all"))
    assert none == 0 < many
    assert {box["score"] > 0.06 for box in boxes("all.json")} == {True}


def test_where_no_scores_are_known_it_says_what_it_takes(project, capsys):
    assert run("new") == 0
    told = "warning: no label scores by class are known for models/ssd_fpn; labelling what scores "
    assert capsys.readouterr().err.startswith(f"{told}above 0.3 (--score changes this)\n")


def test_one_photo_and_several_places(project):
    first, *_, last = sorted(Path("new").rglob("*.jpg"), key=lambda path: path.name)
    assert last.parent == Path("new/more")
    options = ("--score", "0.001", "--out", "one.json")
    assert run(str(first), *options) == 0
    [image] = json.loads(Path("one.json").read_text())["images"]
    assert image["file_name"] == first.name
    assert run("new/more", str(first), *options) == 0
    names = [image["file_name"] for image in json.loads(Path("one.json").read_text())["images"]]
    assert names == [f"more/{last.name}", first.name]  # below `new`, which has both


def test_labels_of_a_whole_folder_are_not_replaced_by_those_of_one_photo(project, capsys):
    photo = str(min(Path("new").glob("*.jpg")))
    assert run(photo, "--score", "0.5") == 0
    written = Path("new/labels.json").read_text()
    assert run(photo, "--score", "0.001") == 1
    assert "error: new/labels.json: already exists; name the file" in capsys.readouterr().err
    assert Path("new/labels.json").read_text() == written


def test_a_damaged_photo_is_named_and_left_out(project, capsys):
    Path("new/broken.jpg").write_bytes(b"\xff\xd8\xff damaged")
    assert run("new") == 1
    captured = capsys.readouterr()
    assert "warning: new/broken.jpg: photo: does not decode" in captured.err
    assert captured.err.splitlines()[-1] == "left out: 1 photos, named above"
    names = [i["file_name"] for i in json.loads(Path("new/labels.json").read_text())["images"]]
    assert len(names) == 5 and "broken.jpg" not in names


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["absent"], "error: absent: no such file or folder; "),
        (["data/tables"], "error: data/tables: no photo in it; "),
        (["new", "--model", "models/none"], "error: models/none/model.json: no model there; "),
        (
            ["new", "--model", "models/bbox"],
            "error: bbox: does not predict both classes and boxes; ",
        ),
        (["new", "--out", "no/labels.json"], "error: no/labels.json: its folder does not exist; "),
        (["new", "--out", "new", "--model", "models/none"], "error: new: is a folder; "),
    ],
)
def test_bad_input_is_one_line_and_keeps_earlier_labels(project, capsys, arguments, line):
    Path("new/labels.json").write_text("earlier")
    assert run(*arguments) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(line)
    assert Path("new/labels.json").read_text() == "earlier"
    assert not list(Path().rglob("*.partial*"))


def test_a_typo_is_told_before_torch_is_imported(project):
    for arguments, line in (
        (["absent"], "error: absent: no such file or folder"),
        (["new", "--model", "models/none"], "error: models/none/model.json: no model there"),
    ):
        code = (
            "import sys; from commands import main\n"
            f"try: main.main({['label', *arguments]})\n"
            "finally: print('torch' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stderr.startswith(line)
        assert (done.returncode, done.stdout) == (1, "False\n")


def test_a_score_outside_its_range_is_refused(project, capsys):
    assert run("new", "--score", "1") == 2
    assert "--score must be from 0 to below 1" in capsys.readouterr().err
