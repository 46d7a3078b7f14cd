"""`ladder label`, with a small trained rung on real files."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE

import psutil
import pyarrow.parquet as pq
import pytest
from PIL import Image

from commands import label
from commands import main as ladder
from pipeline.formats.read import read_labels
from pipeline.labelling.files import FORMAT_NAMES
from pipeline.tables.photos import with_photos
from stages import train
from tests.conftest import ROOT
from tests.ended import left_after
from tests.exported_files import exported_file, needs_runtimes
from tests.inference.making import saved
from tests.s3_server import BUCKET, s3_server
from tests.stages.small_project import run_main

pytestmark = pytest.mark.slow  # a rung is trained first


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(["label", *arguments])
    return end.value.code


def images(path: str) -> list[dict]:
    return json.loads(Path(path).read_text())["images"]


def boxes(path: str) -> list[dict]:
    return json.loads(Path(path).read_text())["annotations"]


@pytest.fixture(scope="module")
def models(painted, tmp_path_factory):
    """Return a folder with a trained detector, and with two rungs whose weights are random."""
    root, before = tmp_path_factory.mktemp("labelling") / "project", os.getcwd()
    shutil.copytree(painted, root)
    os.chdir(root)
    try:
        run_main(train, "ssd_fpn")
    finally:
        os.chdir(before)
    for rung in ("bbox", "combined"):
        saved(root / "models" / rung, rung)
    return root / "models"


@pytest.fixture
def project(painted_project, models):
    """Work in a project with these models and a folder of new photos, one in a subfolder."""
    (painted_project / "models").symlink_to(models)
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
    assert f"{told}above 0.3 (--score changes this)\n" in capsys.readouterr().err


def test_one_photo_and_several_places(project):
    first, *_, last = sorted(Path("new").rglob("*.jpg"), key=lambda path: path.name)
    assert last.parent == Path("new/more")
    assert run(str(first), "--score", "0.001", "--out", "one.json") == 0
    [image] = json.loads(Path("one.json").read_text())["images"]
    assert image["file_name"] == first.name
    assert run("new/more", str(first), "--score", "0.001", "--out", "two.json") == 0
    names = [image["file_name"] for image in json.loads(Path("two.json").read_text())["images"]]
    assert names == [first.name, f"more/{last.name}"]  # below `new`, which has both


def test_more_photos_are_added_and_nothing_is_done_twice(project, capsys):
    photos = sorted(map(str, Path("new").glob("*.jpg")))
    assert run(photos[0]) == 0
    assert run("new") == 0
    assert "done before: 1 of 5 photos" in capsys.readouterr().err
    assert len(images("new/labels.json")) == 5
    assert run(photos[0]) == 0
    assert len(images("new/labels.json")) == 5
    assert len(list(Path("new/.labels.job").glob("part-*"))) == 2
    Path(photos[0]).unlink()
    assert run("new") == 0
    assert len(images("new/labels.json")) == 4


def test_a_photo_that_has_changed_is_done_again(project, capsys):
    assert run("new") == 0
    photo = min(Path("new").glob("*.jpg"))
    Image.new("RGB", (31, 17)).save(photo)
    capsys.readouterr()
    assert run("new") == 0
    assert "done before: 4 of 5 photos" in capsys.readouterr().err
    [size] = [(i["width"], i["height"]) for i in images("new/labels.json") if i["width"] == 31]
    assert size == (31, 17)


def test_limit_and_since(project):
    assert run("new", "--limit", "2") == 0
    assert len(images("new/labels.json")) == 2
    assert run("new", "--limit", "2") == 0
    assert len(images("new/labels.json")) == 4
    old = max(Path("new").glob("*.jpg"))
    os.utime(old, (0, 0))
    assert run("new", "--since", "2001-01-01", "--out", "since.json") == 0
    assert old.name not in [image["file_name"] for image in images("since.json")]
    assert len(images("since.json")) == 4
    assert run("new", "--since", "1600-01-01", "--limit", "1") == 0
    for later in ("2100-01-01", "2300-01-01"):  # the second is beyond what a table can hold
        assert run("new", "--since", later) == 1
    for no_day in ("0001-01-01", "yesterday"):
        assert run("new", "--since", no_day) == 2


def test_other_formats_and_scores_without_running_again(project, monkeypatch):
    assert run("new", "--score", "0.06") == 0
    monkeypatch.setattr("pipeline.labelling.bulk.detect_into", None)
    formats = [name for name in FORMAT_NAMES for name in ("--format", name)]
    assert run("new", "--score", "0.06", *formats) == 0
    made = {path.name for path in Path("new").iterdir() if path.name.startswith("labels")}
    assert made == {
        *("labels.json", "labels.coco.json", "labels.csv", "labels.xml", "labels.parquet"),
        *("labels.label-studio.json", "labels.voc", "labels.yolo", "labels.labelme"),
    }
    rows = pq.read_table("new/labels.parquet")
    assert len(rows) == len(boxes("new/labels.json")) > 0
    assert run("new", "--score", "0.9999") == 0
    assert boxes("new/labels.json") == []


def test_one_format_that_cannot_hold_the_labels_is_no_matter_for_the_others(project, capsys):
    shutil.copy(next(Path("new").glob("*.jpg")), "new/twin.jpg")
    shutil.copy("new/twin.jpg", "new/twin.jpeg")
    assert run("new", "--format", "yolo", "--format", "csv") == 1
    captured = capsys.readouterr()
    assert "twin.jpg: would share twin.txt with" in captured.err.replace("twin.jpeg", "twin.jpg")
    assert "new/labels.csv: " in captured.out and not Path("new/labels.yolo").exists()


def test_labels_that_a_person_corrects_while_photos_are_labelled_stay(project, monkeypatch):
    assert run("new") == 0
    find = label.find_objects

    def correct_meanwhile(*arguments: object) -> None:
        find(*arguments)
        Path("new/labels.json").write_text("corrected")

    monkeypatch.setattr(label, "find_objects", correct_meanwhile)
    assert run("new") == 1
    assert Path("new/labels.json").read_text() == "corrected"
    assert run("new", "--overwrite") == 0


def test_a_photo_that_has_changed_and_waits_has_no_labels_of_the_old_one(project, capsys):
    assert run("new", "--score", "0.001") == 0
    *others, last = sorted(image["file_name"] for image in images("new/labels.json"))
    Image.new("RGB", (33, 22)).save(Path("new", last))
    assert run("new", "--score", "0.001", "--since", "2262-01-01") == 1
    assert run(f"new/{others[0]}", "--score", "0.001", "--out", "new/labels.json") == 0
    assert sorted(image["file_name"] for image in images("new/labels.json")) == others
    assert "left out: 1 photo has changed since the last time; " in capsys.readouterr().err


def test_a_review_of_a_photo_that_is_gone_does_not_stand_in_the_way(project):
    assert run("new", "--score", "0.001") == 0
    review = {"decisions": [{**_first_box("new/labels.json"), "action": "accept"}]}
    Path("review.json").write_text(json.dumps(review))
    assert run("new", "--score", "0.001", "--apply", "review.json") == 0
    Path("new", review["decisions"][0]["photo"]).unlink()
    assert run("new", "--score", "0.001") == 0
    assert len(images("new/labels.json")) == 4


def _first_box(path: str) -> dict:
    labels = json.loads(Path(path).read_text())
    box = labels["annotations"][0]
    photo = {one["id"]: one["file_name"] for one in labels["images"]}[box["image_id"]]
    name = {one["id"]: one["name"] for one in labels["categories"]}[box["category_id"]]
    return {"photo": photo, "name": name, "box": box["bbox"]}


def test_what_an_earlier_run_wrote_in_other_formats_is_named(project, capsys):
    assert run("new", "--format", "yolo", "--format", "csv") == 0
    capsys.readouterr()
    assert run("new", "--format", "csv") == 0
    told = capsys.readouterr().err
    assert "not written this time: new/labels.yolo; name a --format to renew it" in told
    assert "labels.csv: is of" not in told


def test_scores_by_class(project, capsys):
    assert run("new", "--score", "0.06") == 0
    label = boxes("new/labels.json")[0]["category_id"]
    name = json.loads(Path("models/ssd_fpn/model.json").read_text())["classes"][label - 1]
    assert run("new", "--score", "0.9999", "--score", f"{name}=0.06") == 0
    assert {box["category_id"] for box in boxes("new/labels.json")} == {label}
    assert run("new", "--score", "unicorn=0.5") == 1
    assert "error: --score unicorn: no such class; there are" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["yolo", "voc", "labelme"])
def test_a_folder_of_labels_that_is_named_with_out_is_written_again(project, name):
    for _ in range(2):
        assert run("new", "--out", f"labels.{name}") == 0
    assert Path(f"labels.{name}").is_dir()


def test_doubtful_boxes_are_to_be_ignored(project):
    assert run("new", "--score", "0.12") == 0
    certain = boxes("new/labels.json")
    assert run("new", "--score", "0.12", "--doubtful") == 0
    both = boxes("new/labels.json")
    assert [box["bbox"] for box in both if not box["ignore"]] == [box["bbox"] for box in certain]
    doubtful = [box["score"] for box in both if box["ignore"]]
    assert doubtful
    assert all(0.06 < score <= 0.12 for score in doubtful)


def test_a_review_is_merged(project):
    assert run("new", "--score", "0.06") == 0
    labels = json.loads(Path("new/labels.json").read_text())
    first, *others = labels["annotations"]
    names = {one["id"]: one["name"] for one in labels["categories"]}
    photo = {one["id"]: one["file_name"] for one in labels["images"]}[first["image_id"]]
    decision = {"photo": photo, "name": names[first["category_id"]], "box": first["bbox"]}
    review = {"decisions": [decision | {"action": "reject"}]}
    Path("review.json").write_text(json.dumps(review))
    assert run("new", "--score", "0.06", "--apply", "review.json") == 0
    assert [b["bbox"] for b in boxes("new/labels.json")] == [box["bbox"] for box in others]


def test_a_review_stays_when_more_photos_are_labelled(project):
    assert run("new/more", "--score", "0.06", "--out", "new/labels.json") == 0
    first, *_ = boxes("new/labels.json")
    [image] = [i for i in images("new/labels.json") if i["id"] == first["image_id"]]
    classes = json.loads(Path("models/ssd_fpn/model.json").read_text())["classes"]
    name = classes[first["category_id"] - 1]
    decision = {"photo": image["file_name"], "name": name, "box": first["bbox"]}
    Path("review.json").write_text(
        json.dumps({"decisions": [decision | {"action": "relabel", "to": "owl"}]})
    )
    options = ("--score", "0.9999", "--out", "new/labels.json")
    assert run("new/more", *options, "--apply", "review.json") == 0
    assert run("new/more", *options) == 0
    [kept] = boxes("new/labels.json")
    assert kept["bbox"] == first["bbox"]
    assert "score" not in kept
    assert kept["category_id"] == len(classes) + 1


def test_a_folder_that_is_moved_goes_on_where_it_was(project, capsys):
    assert run("new") == 0
    Path("new").rename("moved")
    assert run("moved") == 0
    assert "done before: 5 of 5 photos" in capsys.readouterr().err


def test_photos_of_neighbours_keep_out_of_other_folders(project):
    shutil.copytree("new/more", "other")
    Path("labels").mkdir()
    assert run("new/more", "new/../other", "--out", "labels/l.json", "--format", "labelme") == 0
    made = [
        path.relative_to("labels/l.labelme") for path in Path("labels/l.labelme").rglob("*.json")
    ]
    assert sorted(path.parts[0] for path in made) == ["new", "other"]


def test_another_model_or_option_is_refused_or_begins_anew(project, capsys):
    assert run("new", "--score", "0.06") == 0
    assert run("new", "--score", "0.001") == 1
    told = "error: new/.labels.job: was begun with min_score 0.05 instead of 0.001; --restart"
    assert told in capsys.readouterr().err
    assert run("new", "--score", "0.001", "--restart") == 0
    assert run("new", "--model", "models/combined", "--score", "0.001") == 1
    assert "was begun with another model; --restart" in capsys.readouterr().err


def test_labels_that_a_person_has_changed_are_not_replaced(project, capsys):
    assert run("new") == 0
    corrected = Path("new/labels.json").read_text().replace('"ignore":0', '"ignore":1')
    Path("new/labels.json").write_text(corrected + " ")
    assert run("new") == 1
    assert "error: new/labels.json: is there already, or was changed" in capsys.readouterr().err
    assert Path("new/labels.json").read_text() == corrected + " "
    assert run("new", "--restart") == 1
    assert list(Path("new/.labels.job").glob("part-*"))  # what is refused loses nothing
    assert run("new", "--overwrite") == 0
    assert Path("new/labels.json").read_text() != corrected + " "


def test_a_damaged_photo_is_named_and_left_out(project, capsys):
    Path("new/broken.jpg").write_bytes(b"\xff\xd8\xff damaged")
    assert run("new") == 1
    captured = capsys.readouterr()
    assert "warning: broken.jpg: does not decode" in captured.err
    assert "remove it from the annotations" not in captured.err
    assert captured.err.splitlines()[-1] == "left out: 1 photo, listed in new/labels.refused.csv"
    refused = Path("new/labels.refused.csv").read_text().splitlines()
    assert refused[0] == "photo,reason" and refused[1].startswith("broken.jpg,")
    names = [image["file_name"] for image in images("new/labels.json")]
    assert len(names) == 5 and "broken.jpg" not in names
    Path("new/broken.jpg").unlink()
    assert run("new") == 0
    assert not Path("new/labels.refused.csv").exists()


def test_files_of_an_earlier_run_are_no_photos_when_a_shell_names_all_files(project, capsys):
    Path("new/broken.jpg").write_bytes(b"\xff\xd8\xff damaged")
    assert run("new", "--format", "pascal", "--format", "csv") == 1
    capsys.readouterr()
    assert run(*sorted(glob.glob("new/*"))) == 1
    assert capsys.readouterr().err.endswith("left out: 1 photo, listed in new/labels.refused.csv\n")
    assert len(Path("new/labels.refused.csv").read_text().splitlines()) == 2  # and the heading
    Path("new/broken.jpg").unlink()
    assert run(*sorted(glob.glob("new/*"))) == 0


def test_a_photo_that_could_not_be_read_is_tried_again(project, monkeypatch, capsys):
    """Its permissions are corrected, which leaves its size and time as they were."""
    shut, read = max(Path("new").glob("*.jpg")), Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path == shut:
            raise PermissionError(13, "Permission denied")
        return read(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        for _ in range(2):
            assert run("new") == 1
    assert f"{shut.name}: cannot be read (Permission denied); " in capsys.readouterr().err
    assert run("new") == 0
    assert "done before: 4 of 5 photos" in capsys.readouterr().err
    assert len(images("new/labels.json")) == 5


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
        # Before the labelling, which leaves a job.
        (["new", "--score", "unicorn=0.5"], "error: --score unicorn: no such class; "),
    ],
)
def test_bad_input_is_one_line_and_keeps_earlier_labels(project, capsys, arguments, line):
    Path("new/labels.json").write_text("earlier")
    assert run(*arguments) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(line)
    assert Path("new/labels.json").read_text() == "earlier"
    assert not list(Path().rglob("*.partial*")) and not list(Path().rglob(".*.job"))


def test_a_typo_is_told_before_torch_is_imported(project):
    code = """
import sys
from contextlib import suppress
from commands import main
for typo in (["absent"], ["new", "--model", "models/none"]):
    with suppress(SystemExit):
        main.main(["label", *typo])
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    photos, model = done.stderr.splitlines()
    assert photos.startswith("error: absent: no such file or folder")
    assert model.startswith("error: models/none/model.json: no model there")
    assert (done.returncode, done.stdout) == (0, "False\n")


def test_a_score_outside_its_range_is_refused(project, capsys):
    assert run("new", "--score", "1") == 2
    assert "--score must be from 0 to below 1" in capsys.readouterr().err


def test_where_no_job_can_be_kept_another_place_is_asked_for(project, capsys):
    Path("new/.labels.job").touch()
    assert run("new") == 1
    told = "error: new/.labels.job: cannot be created (File exists); give another --out"
    assert told in capsys.readouterr().err
    assert run("new", "--out", "labels.json") == 0


def test_an_exported_file_labels_as_its_folder_does(project):
    needs_runtimes()
    folder, file = saved(Path("small/ssd_fpn"), "ssd_fpn"), exported_file("ssd_fpn", "onnx")
    for model, out in ((folder, "folder.json"), (file, "file.json")):
        assert run("new", "--model", str(model), "--out", out, "--score", "0.01") == 0
    assert images("file.json") == images("folder.json") and boxes("file.json")
    for one, other in zip(boxes("file.json"), boxes("folder.json"), strict=True):
        assert one["image_id"] == other["image_id"]
        assert one["category_id"] == other["category_id"]
        assert one["bbox"] == pytest.approx(other["bbox"], abs=0.02)


def test_photos_in_s3_get_the_labels_of_the_folder(project, monkeypatch, capsys):
    with s3_server(Path("new")) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        place = f"s3://{BUCKET}/new"
        assert run(place) == 1
        assert f"error: {place}: is never written to; name the label" in capsys.readouterr().err
        assert run(place, "--out", "s3.json", "--score", "0.001") == 0
        assert run("new", "--out", "new.json", "--score", "0.001") == 0
        assert Path("s3.json").read_bytes() == Path("new.json").read_bytes()
        capsys.readouterr()
        assert run(place, "--out", "s3.json", "--score", "0.001", "--since", "2001-01-01") == 0
        assert "done before: 5 of 5 photos" in capsys.readouterr().err


def test_ray_labels_as_the_plain_engine_does_and_ctrl_c_ends_all_of_it(project):
    if find_spec("ray") is None:
        pytest.skip("ray, of the extra `ray`, is not installed")
    photo = min(Path("new").glob("*.jpg"))
    for number in range(2400):  # twelve parts: a quick machine has made three before it stops
        os.link(photo, f"new/copy-{number}.jpg")
    words = ["new", "--score", "0.06", "--engine", "ray", "--workers", "1", "--out", "ray.json"]
    command = [sys.executable, "-m", "commands.main", "label", *words]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    started = subprocess.Popen(
        command, env=environment, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True
    )
    parts = ".ray.job/part-*[0-9a-f].parquet"  # not one that is being written, `….partial.parquet`
    while not list(Path().glob(parts)) and started.poll() is None:
        time.sleep(0.05)
    below = [one.pid for one in psutil.Process(started.pid).children(recursive=True)]
    os.killpg(started.pid, signal.SIGINT)
    told, errors = started.communicate()
    assert (started.returncode, told, errors.splitlines()[-1]) == (130, "", "stopped")
    assert left_after(60, below) == []
    assert 1 <= len(list(Path().glob(parts))) < 12
    assert run("new", "--score", "0.06", "--out", "ray.json") == 0
    assert run("new", "--score", "0.06", "--out", "plain.json") == 0
    assert Path("ray.json").read_bytes() == Path("plain.json").read_bytes()


@pytest.mark.parametrize("option", ["--address", "--workers"])
def test_options_of_ray_without_ray_are_refused(project, capsys, option):
    assert run("new", option, "1") == 2
    assert "--address and --workers need --engine ray" in capsys.readouterr().err
