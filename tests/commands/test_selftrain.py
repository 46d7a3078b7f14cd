"""`ladder selftrain`, up to the run that it starts: its parameters and photos make good tables."""

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from PIL import Image

from commands import label, run, selftrain
from pipeline.errors import InputError
from pipeline.params.fetch import SourceParams
from pipeline.params.params import load_params
from pipeline.profiles import parse_setting
from stages import fetch, tables
from tests.conftest import ROOT
from tests.inference.making import saved
from tests.stages.small_project import run_main, write_params


@pytest.fixture
def project(painted_project, monkeypatch) -> Path:
    """Work in a painted project with a model and two new photos; the run is caught."""
    saved(Path("models/ssd_fpn"), "ssd_fpn")
    (painted_project / "new/more").mkdir(parents=True)
    for name in ("a.jpg", "more/b.jpg"):
        Image.effect_noise((60, 40), 90).convert("RGB").save(painted_project / "new" / name)
    return painted_project


@pytest.fixture
def started(project, monkeypatch) -> list[str]:
    """Return the words that `ladder run` is called with, filled when it is."""
    words: list[str] = []
    monkeypatch.setattr(run, "main", lambda arguments: words.extend(arguments) or 0)
    return words


def settings_of(words: list[str]) -> dict:
    settings = [word for flag, word in pairwise(words) if flag == "-S"]
    return {key: value for word in settings for key, value in parse_setting(word).items()}


def test_truth_and_machine_labels_become_one_set(project, started):
    before = pq.read_table("data/tables/images.parquet")
    arguments = ["new", "-S", "train.ssd_fpn.late.epochs=9", "--only", "evaluate@ssd_fpn"]
    assert selftrain.main(arguments) == 0
    assert started[-2:] == ["--only", "evaluate@ssd_fpn"]
    settings = settings_of(started)
    assert settings["train.ssd_fpn.late.epochs"] == 9
    truth, machine = settings["fetch.sources"]
    assert truth == {"path": "truth", "split": "fraction"}
    assert machine["role"] == "machine"
    assert machine["teacher"].startswith("ssd_fpn ")
    labels = json.loads(Path("photos/selftrain/machine/labels.json").read_text())
    assert [image["file_name"] for image in labels["images"]] == ["a.jpg", "more/b.jpg"]

    here = Path.cwd()
    write_params(
        here, **{key.replace(".", "__"): settings[key] for key in settings if "fetch" in key}
    )
    run_main(fetch)
    run_main(tables)
    images = pq.read_table("data/tables/images.parquet")
    assert len(images) == len(before) + 2
    new = images.filter(pc.starts_with(images["file_name"], "machine/"))
    assert new["split"].to_pylist() == ["train", "train"]
    old = images.filter(pc.starts_with(images["file_name"], "truth/"))
    assert old["split"].to_pylist() == before["split"].to_pylist()
    objects = pq.read_table("data/tables/objects.parquet")
    scored = objects.filter(pc.is_valid(objects["score"]))
    assert set(scored["file_name"].to_pylist()) <= {"machine/a.jpg", "machine/more/b.jpg"}
    report = json.loads(Path("data/tables/report.json").read_text())
    assert report["labelled_by_a_model"] == len(scored)


def test_a_second_round_keeps_the_truth_and_replaces_the_machine(project):
    params = load_params(Path("params.yaml")).fetch
    first = selftrain.sources(params, "one")
    again = params.model_copy(
        update={"source": "local", "sources": [SourceParams.model_validate(one) for one in first]}
    )
    second = selftrain.sources(again, "two")
    assert second == [first[0], first[1] | {"teacher": "two"}]


def write_settings(words: list[str]) -> None:
    """Leave params.yaml as a run that ends well does."""
    fetched = {key: value for key, value in settings_of(words).items() if "fetch" in key}
    write_params(Path.cwd(), **{key.replace(".", "__"): value for key, value in fetched.items()})


def test_what_a_person_has_corrected_in_the_truth_is_learnt_in_the_next_round(project, started):
    selftrain.main(["new"])
    write_settings(started)
    run_main(fetch)
    [labels] = Path("photos/selftrain/truth").glob("*.json")
    pascal = json.loads(labels.read_text())
    pascal["annotations"][0]["bbox"] = [1, 2, 3, 4]
    labels.write_text(json.dumps(pascal))
    assert selftrain.main(["new"]) == 0
    assert json.loads(labels.read_text()) == pascal
    assert settings_of(started)["fetch.path"] == "photos/selftrain"


def test_what_a_person_corrects_while_photos_are_copied_is_kept(project, started, monkeypatch):
    selftrain.main(["new"])
    write_settings(started)
    started.clear()
    [labels] = Path("photos/selftrain/truth").glob("*.json")
    corrected = labels.read_text() + "\n"
    copy = selftrain.copy_photos

    def correct_meanwhile(*arguments):
        copy(*arguments)
        labels.write_text(corrected)

    with monkeypatch.context() as patched:
        patched.setattr(selftrain, "copy_photos", correct_meanwhile)
        with pytest.raises(InputError, match=rf"^{labels}: was changed while it was copied; run"):
            selftrain.main(["new"])
    assert labels.read_text() == corrected and not started
    assert selftrain.main(["new"]) == 0
    assert labels.read_text() == corrected


def test_the_same_command_goes_on_after_a_run_that_failed(project, started):
    """The run puts params.yaml back, and data/source stays as its fetch left it."""
    before = Path("params.yaml").read_text()
    selftrain.main(["new"])
    write_settings(started)
    run_main(fetch)
    Path("params.yaml").write_text(before)
    first = started.copy()
    started.clear()
    assert selftrain.main(["new"]) == 0
    assert started == first
    assert {path.name for path in Path("photos/selftrain").iterdir()} == {
        *("truth", "machine", ".made.json")
    }


@pytest.mark.parametrize("place", ["truth/notes.txt", "machine/labels.json"])
def test_what_a_person_has_left_elsewhere_is_not_removed(project, started, place):
    selftrain.main(["new"])
    write_settings(started)
    theirs = Path("photos/selftrain", place)
    theirs.write_text("corrected")
    top = theirs.parent
    words = rf"^{theirs}: is not as `ladder selftrain` left it, .* move {top} elsewhere$"
    with pytest.raises(InputError, match=words):
        selftrain.main(["new"])
    assert theirs.read_text() == "corrected"


def test_a_folder_of_that_name_that_is_not_ours_stays(project, started):
    shutil.copytree("new", "photos/selftrain")
    with pytest.raises(InputError, match=r"^photos/selftrain/a.jpg: is not as `ladder selftrain`"):
        selftrain.main(["new"])
    assert not started and not Path(".ladder/selftrain").exists()


def jobs() -> set[Path]:
    return {file.parent for file in Path(".ladder/selftrain").glob("*/labels.json")}


def test_each_folder_has_a_labelling_of_its_own(project, started, capfd):
    shutil.copytree("new/more", "newer")
    for folder in ("new", "newer"):
        assert selftrain.main([folder]) == 0
    machine = Path("photos/selftrain/machine")
    assert [photo.name for photo in machine.glob("*.jpg")] == ["b.jpg"]
    images = json.loads((machine / "labels.json").read_text())["images"]
    assert [image["file_name"] for image in images] == ["b.jpg"]
    before = jobs()
    assert len(before) == 2
    for same in ("new", "new/", "newer/../new", str(project / "new")):
        capfd.readouterr()
        assert selftrain.main([same]) == 0
        assert "done before: 2 of 2 photos" in capfd.readouterr().err
    assert jobs() == before


def test_decisions_about_the_labels_beside_the_photos_apply(project, started):
    write_params(Path.cwd(), predict__min_score=0.0)
    assert label.main(["new", "--score", "0"]) == 0
    found = json.loads(Path("new/labels.json").read_text())
    one = found["annotations"][0]
    name = found["categories"][one["category_id"] - 1]["name"]
    decision = {"photo": "a.jpg", "name": name, "box": one["bbox"], "action": "accept"}
    Path("review.json").write_text(json.dumps({"decisions": [decision]}))
    assert label.main(["new", "--apply", "review.json"]) == 0
    assert selftrain.main(["new"]) == 0
    learnt = json.loads(Path("photos/selftrain/machine/labels.json").read_text())["annotations"]
    assert [box["bbox"] for box in learnt if "score" not in box] == [one["bbox"]]


def test_a_folder_whose_name_begins_with_a_dash_is_no_option(project, started):
    shutil.copytree("new", "-new")
    assert selftrain.main(["./-new"]) == 0


def test_other_detections_are_a_labelling_of_their_own(project, started):
    selftrain.main(["new"])
    write_params(Path.cwd(), predict__nms_threshold=0.3)
    for file in jobs():
        (file / "labels.json").write_text("changed")
    selftrain.main(["new"])
    assert len(jobs()) == 2
    write_params(Path.cwd())
    assert selftrain.main(["new"]) == 0
    assert json.loads(Path("photos/selftrain/machine/labels.json").read_text())["images"]


def test_what_is_missing_is_named_before_any_work(project, started):
    with pytest.raises(InputError, match=r"absent: no such folder; name a folder of new"):
        selftrain.main(["absent"])
    Path("empty").mkdir()
    with pytest.raises(InputError, match=r"empty: no photo in it; name a folder of new"):
        selftrain.main(["empty"])
    with pytest.raises(InputError, match=r"models/none/model.safetensors: no model there; train"):
        selftrain.main(["new", "--model", "models/none"])
    shutil.rmtree("data/source")
    with pytest.raises(InputError, match=r"data/source: no such folder; run the ladder first"):
        selftrain.main(["new"])
    assert not started


@pytest.mark.parametrize("folder", [".", "data", "data/source", "..", "here"])
def test_a_folder_with_the_labelled_photos_is_refused(project, started, folder):
    Path("here").symlink_to(project)
    with pytest.raises(
        InputError, match=r"contains the labelled photos of data/source, .* photos/new$"
    ):
        selftrain.main([folder])
    assert not started and not Path(".ladder/selftrain").exists()


def test_a_folder_within_the_labelled_photos_is_refused(project, started):
    Path("data/source/more").mkdir()
    with pytest.raises(InputError, match=r"^data/source/more: is in data/source, with the lab"):
        selftrain.main(["data/source/more"])


def test_what_an_earlier_round_learnt_from_is_not_new(project, started):
    selftrain.main(["new"])
    with pytest.raises(
        InputError, match=r"^photos: contains the labelled photos of photos/selftrain"
    ):
        selftrain.main(["photos"])
    with pytest.raises(InputError, match=r"machine: is in photos/selftrain, with the labelled"):
        selftrain.main(["photos/selftrain/machine"])


def test_the_sets_that_are_fetched_are_not_new(project, started):
    shutil.copytree("data/source", "mine")
    write_params(Path.cwd(), fetch__source="local", fetch__path="mine")
    with pytest.raises(InputError, match=r"^mine: contains the labelled photos of mine, val"):
        selftrain.main(["mine"])
    shutil.copytree("new", "mine/new")
    assert selftrain.main(["mine/new"]) == 0


@pytest.mark.parametrize("name", ["", " "])
def test_no_folder_is_not_the_folder_of_the_project(project, started, name, capsys):
    with pytest.raises(SystemExit):
        selftrain.main([name])
    assert "no folder is named; name one of new photos" in capsys.readouterr().err
    done = subprocess.run(
        ["make", "-n", "selftrain", f"UNLABELLED={name}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode and not started
    assert "name the folder: make selftrain UNLABELLED=photos/new" in done.stderr
