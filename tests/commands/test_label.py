"""`ladder label`, with a small trained rung on real files."""

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from commands import main as ladder
from pipeline.formats.read import read_labels
from pipeline.tables.photos import with_photos
from stages import train
from tests.stages.small_project import run_main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(["label", *arguments])
    return end.value.code


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
    few, many = (
        len(json.loads(Path(f"{s}.json").read_text())["annotations"]) for s in ("0.99", "0.001")
    )
    assert few < many


def test_without_a_score_each_class_has_the_one_that_evaluate_has_chosen(project):
    scores = Path("evaluation/ssd_fpn/label_scores.json")
    scores.parent.mkdir(parents=True)
    classes = json.loads(Path("models/ssd_fpn/model.json").read_text())["classes"]
    counts = {}
    for name, score in (("none", 0.9999), ("all", 0.0005)):
        scores.write_text(json.dumps(dict.fromkeys(classes, score)))
        assert run("new", "--out", f"{name}.json") == 0
        counts[name] = len(json.loads(Path(f"{name}.json").read_text())["annotations"])
    assert counts["none"] == 0 < counts["all"]


def test_a_model_without_chosen_scores_is_told(project, capsys):
    assert run("new") == 0
    assert "warning: no score of each class is known for models/ssd_fpn" in capsys.readouterr().err


def test_a_single_photo_is_labelled(project):
    photo = sorted(Path("new").glob("*.jpg"))[0]
    assert run(str(photo), "--score", "0.001", "--out", "one.json") == 0
    labels = json.loads(Path("one.json").read_text())
    assert [image["file_name"] for image in labels["images"]] == [photo.name]


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
        (["new", "--model", "models/bbox"], "error: bbox: does not say both what and where; "),
        (["new", "--out", "no/labels.json"], "error: no/labels.json: its folder is not there; "),
        (["new", "--out", "new"], "error: new: is a folder; "),
    ],
)
def test_bad_input_is_one_line_and_keeps_earlier_labels(project, capsys, arguments, line):
    Path("new/labels.json").write_text("earlier")
    assert run(*arguments) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(line)
    assert Path("new/labels.json").read_text() == "earlier"
    assert not list(Path().rglob("*.partial*"))


def test_a_score_outside_its_range_is_refused(project, capsys):
    assert run("new", "--score", "1") == 2
    assert "--score must be from 0 to below 1" in capsys.readouterr().err
