"""`ladder evaluate`, with small real models with random weights on painted photos."""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commands import evaluate as module
from commands import main as ladder
from commands.evaluate import name_of
from pipeline.other_data.result import read_evaluation
from pipeline.schemas import read_classes
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.stores.choice import track_results
from stages import evaluate, predict
from tests.commands.evaluating import save, val_as_a_folder
from tests.conftest import ROOT, stand_alone
from tests.mlflow_store import give_store
from tests.stages.small_project import copy_of, run_main, write_params

pytestmark = pytest.mark.slow  # the project is painted first
# Its pages have the fewest pictures, so it stands for all rungs where the rung is not the matter.
BBOX = ("--model", "models/bbox")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(["evaluate", *arguments])
    return end.value.code


@pytest.fixture(scope="module")
def made(painted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painted project with two models, and with val as a folder of labelled photos."""
    root = copy_of(painted, tmp_path_factory.mktemp("made"))
    write_params(root, predict__min_score=0.0)  # random weights are never certain
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for rung in ("ssd_fpn", "bbox"):
            save(rung)
        val_as_a_folder(Path("photos/mine"))
    return root


@pytest.fixture(scope="module")
def measured(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That project after `ladder evaluate photos/mine`, with both models."""
    root = copy_of(made, tmp_path_factory.mktemp("measured"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert run("photos/mine") == run("photos/mine", *BBOX) == 0
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the project."""
    stand_alone(monkeypatch)
    monkeypatch.chdir(copy_of(made, tmp_path))
    return tmp_path


@pytest.fixture
def measured_project(project: Path, measured: Path) -> Path:
    """Work in a copy of the project with those results."""
    return copy_of(measured, project)


@pytest.fixture
def rewritten(project: Path):
    """Return what lets a function change the labels of the folder."""

    def change(how) -> None:
        path = Path("photos/mine/labels.json")
        pascal = json.loads(path.read_text())
        how(pascal)
        path.write_text(json.dumps(pascal))

    return change


def rows(path: Path, split: str) -> list[tuple]:
    """Return photo, class, score and box of all predictions for a split, in their order."""
    found = [one for one in pq.read_table(path).to_pylist() if one["split"] == split]
    names = ("file_name", "label", "score", "xmin", "ymin", "xmax", "ymax")
    return [tuple(one[name] for name in names) for one in found]


RESULTS = {
    "ssd_fpn": ["ap_by_class", "pr_curves", "ap_by_size", "errors", "confusion"],
    "combined": ["confusion"],
    "classifier": ["confusion"],
    "bbox": [],
}


@pytest.mark.parametrize("rung", RESULTS)
def test_the_same_photos_give_the_figures_of_the_evaluate_stage(project, capsys, rung):
    if rung not in ("ssd_fpn", "bbox"):
        save(rung)
    for stage in (predict, evaluate):
        run_main(stage, rung)
    assert run("photos/mine", "--model", f"models/{rung}") == 0
    out = Path("evaluated", f"mine-{rung}")
    evaluation = read_evaluation(out)
    expected = json.loads(Path("metrics", f"{rung}.json").read_text())[rung]["val"]
    assert evaluation.metrics == pytest.approx(expected, abs=1e-4)
    assert None not in expected.values()
    ours, theirs = (
        rows(out / "predictions.parquet", "test"),
        rows(Path("predictions", f"{rung}.parquet"), "val"),
    )
    assert [one[:2] for one in ours] == [one[:2] for one in theirs] and ours
    assert [one[2:] for one in ours] == [pytest.approx(one[2:], nan_ok=True) for one in theirs]
    of_stage, here = Path("evaluation", rung), out / "results"
    for name in RESULTS[rung]:
        assert (here / f"{name}.csv").read_text() == (of_stage / f"{name}.csv").read_text()
    lines = (of_stage / "intervals.csv").read_text().splitlines()
    of_val = [line.replace("val,", "test,", 1) for line in lines if line.startswith("val,")]
    assert (here / "intervals.csv").read_text().splitlines() == [lines[0], *of_val]
    assert (evaluation.label_scores is None) == (rung != "ssd_fpn")
    html = (out / "index.html").read_text()
    assert "data:image/webp;base64," in html and "photos/mine" in html
    assert not list(out.glob("pixels*")) and str(project) not in html
    assert f"{out}/index.html" in capsys.readouterr().out


def test_labels_are_those_that_the_model_would_give(measured_project):
    of_model = Path("models/label_scores.json")
    results = Path("evaluated/mine-ssd_fpn/results")
    assert read_evaluation(results.parent).label_scores == "best here"
    best_here = json.loads((results / "label_scores.json").read_text())
    of_model.write_text(json.dumps(dict.fromkeys(best_here, 0.9875)))
    assert run("photos/mine") == 0
    assert set(json.loads((results / "label_scores.json").read_text()).values()) == {0.9875}
    assert read_evaluation(results.parent).label_scores == "of the model"
    # So surely nothing is found: all objects are missed, and none is taken for another.
    confusion = (results / "confusion.csv").read_text().splitlines()[1:]
    assert confusion and all(line.endswith("(missed)") for line in confusion)


def test_photos_without_an_object_count_for_detectors_alone(project, rewritten):
    def empty_the_first(pascal: dict) -> None:
        first = pascal["images"][0]["id"]
        pascal["annotations"] = [one for one in pascal["annotations"] if one["image_id"] != first]

    rewritten(empty_the_first)
    photos = len(list(Path("photos/mine").rglob("*.*"))) - 1
    assert run("photos/mine", "--out", "all") == 0 and read_evaluation(Path("all")).photos == photos
    assert run("photos/mine", *BBOX, "--out", "largest") == 0
    evaluation = read_evaluation(Path("largest"))
    assert evaluation.photos < photos
    assert any("photos without an object" in note for note in evaluation.notes)


def test_other_classes_are_left_out_told_and_renamed(project, rewritten, capsys):
    def rename(pascal: dict) -> None:
        used = {one["category_id"] for one in pascal["annotations"]}
        next(one for one in pascal["categories"] if one["id"] in used)["name"] = "submarine"

    before = json.loads(Path("photos/mine/labels.json").read_text())["categories"]
    rewritten(rename)
    after = json.loads(Path("photos/mine/labels.json").read_text())["categories"]
    [name] = {one["name"] for one in before} - {one["name"] for one in after}
    assert run("photos/mine", *BBOX) == 0
    assert "of class submarine is left out" in capsys.readouterr().out
    fewer = read_evaluation(Path("evaluated/mine-bbox"))
    assert run("photos/mine", *BBOX, "--rename", f"submarine={name}") == 1
    words = "evaluated/mine-bbox: is the result of models/bbox on photos/mine with another "
    assert f"error: {words}--rename; name another --out" in capsys.readouterr().err
    assert run("photos/mine", *BBOX, "--rename", f"submarine={name}", "--out", "renamed") == 0
    renamed = read_evaluation(Path("renamed"))
    assert renamed.objects > fewer.objects and renamed.rename == {"submarine": name}


def test_no_class_in_common(project, rewritten, capsys):
    def rename(pascal: dict) -> None:
        for number, one in enumerate(pascal["categories"]):
            one["name"] = f"ship {number}"

    rewritten(rename)
    assert run("photos/mine") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "photos/mine/labels.json: no object of a class of the model" in error
    assert (
        "ship " in error and read_classes(pq.read_table("data/tables/images.parquet"))[0] in error
    )


def test_a_photo_that_does_not_decode(project, capsys):
    photo = next(one for one in sorted(Path("photos/mine").rglob("*.*")) if one.suffix != ".json")
    photo.write_bytes(photo.read_bytes()[:60])
    assert run("photos/mine") == 1
    assert f"error: {photo}: photo: does not decode" in capsys.readouterr().err
    assert not Path("evaluated").exists()


def test_a_photo_of_another_size_than_its_labels_say(project, rewritten, capsys):
    def enlarge(pascal: dict) -> None:
        pascal["images"][0]["width"] += 7

    rewritten(enlarge)
    assert run("photos/mine") == 1
    assert "and the annotations say" in capsys.readouterr().err


def test_folders_without_labels(project, capsys):
    Path("empty").mkdir()
    assert run("empty") == 1
    error = capsys.readouterr().err
    assert "error: empty: no labels that are known" in error and "\n  voc: " in error
    assert "\\n" not in error and "--photos" not in error
    Path("photos/mine/labels.json").unlink()
    assert run("photos/mine") == 1
    assert "error: photos/mine: no labels that are known" in capsys.readouterr().err
    assert run("absent") == 1
    assert "error: absent: no such folder; name the labelled photos" in capsys.readouterr().err


def test_a_model_that_is_not_there(project, capsys):
    assert run("photos/mine", "--model", "models/none") == 1
    assert "models/none/model.json: no model there" in capsys.readouterr().err
    assert run("photos/mine", "--model", "none.onnx") == 1
    assert "none.onnx: no model there" in capsys.readouterr().err


def test_other_folders_are_not_replaced(project, capsys):
    before = sorted(Path("photos").rglob("*"))
    assert run("photos/mine", "--out", "photos") == 1
    assert "contain one another; name another --out" in capsys.readouterr().err
    assert run("photos/mine", "--out", "data") == 1
    assert "data: exists and is not a result of" in capsys.readouterr().err
    assert sorted(Path("photos").rglob("*")) == before


def test_folders_whose_names_are_alike_stay(project):
    for name in ("mine.old", "mine.partial"):
        Path("photos/mine").rename(Path("photos", name))
        assert run(f"photos/{name}", *BBOX, "--out", "photos/mine") == 0
        assert len(list(Path("photos", name).iterdir())) > 1
        shutil.rmtree("photos/mine")
        Path("photos", name).rename("photos/mine")


def test_a_link_to_another_disk_stays_one(project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    Path("evaluated").mkdir()
    Path("evaluated/linked").symlink_to(tmp_path / "elsewhere")
    assert run("photos/mine", *BBOX, "--out", "evaluated/linked") == 0
    assert Path("evaluated/linked").is_symlink()
    assert (tmp_path / "elsewhere/index.html").is_file()


def test_a_class_has_one_new_name(capsys):
    assert run("photos", "--rename", "a=b", "--rename", "a=c") == 2
    assert "--rename: a is renamed twice" in capsys.readouterr().err


def test_ctrl_c_leaves_the_earlier_result(measured_project, monkeypatch):
    before = {path: path.read_bytes() for path in Path("evaluated").rglob("*") if path.is_file()}

    def stop(*arguments) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_page", stop)
    assert run("photos/mine", *BBOX) == 130
    after = {path: path.read_bytes() for path in Path("evaluated").rglob("*") if path.is_file()}
    assert after == before


def test_two_models_are_compared_on_these_photos(measured_project, capsys):
    save("ssd_189")
    assert run("photos/mine", "--model", "models/ssd_189") == 0
    sides = ["evaluated/mine-ssd_189", "evaluated/mine-ssd_fpn"]
    with pytest.raises(SystemExit) as end:
        ladder.main(["compare", *sides, "--html", "c.html"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert "ssd_189 and ssd_fpn" in out and "models/ssd_189 on photos/mine" in out
    assert "are not shown" not in Path("c.html").read_text()


def test_a_model_of_mlflow(measured_project, monkeypatch):
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    give_store(measured_project)
    track_results([Result("bbox", "1" * 64, model=Path("models/bbox"))], measured_project)
    assert run("photos/mine", "--model", "models:/bbox/1") == 0
    by_uri, by_folder = (
        read_evaluation(Path("evaluated", name)) for name in ("mine-bbox-1", "mine-bbox")
    )
    assert by_uri.model == "models:/bbox/1"
    assert by_uri.metrics == by_folder.metrics
    assert by_uri.model_sha256 == by_folder.model_sha256


def test_photos_in_an_archive(measured_project):
    folder = Path("photos/mine")
    with tarfile.open(folder / "photos.tar", "w") as tar:
        for photo in [one for one in folder.iterdir() if one.suffix not in (".json", ".tar")]:
            tar.add(photo, photo.name)
            photo.unlink()
    assert run("photos/mine", *BBOX, "--out", "packed") == 0
    assert read_evaluation(Path("packed")) == read_evaluation(Path("evaluated/mine-bbox"))
    assert not list(Path("packed").glob("unpacked*"))


def test_labels_are_read_before_torch_is_imported(project):
    code = (
        "import sys\n"
        "from commands import evaluate\n"
        "evaluate.predict_all = lambda *words: sys.exit('torch' in sys.modules)\n"
        "evaluate.main(['photos/mine'])"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


def test_names_of_results():
    assert name_of(Path("photos/mine"), "", "models/ssd_fpn/") == "mine-ssd_fpn"
    assert name_of(Path("my photos"), "", "runs:/ab12/model") == "my-photos-ab12-model"
    assert name_of(Path("mine"), "a b", "exports/ssd_fpn.onnx") == "mine-a-b-ssd_fpn.onnx"


def test_each_split_has_its_own_result(project, rewritten):
    def halve(pascal: dict) -> None:
        for number, one in enumerate(pascal["images"]):
            one["split"] = ("first", "second")[number % 2]

    rewritten(halve)
    for split in ("first", "second"):
        assert run("photos/mine", *BBOX, "--split", split) == 0
    first, second = (Path(f"evaluated/mine-{name}-bbox") for name in ("first", "second"))
    assert (read_evaluation(first).split, read_evaluation(second).split) == ("first", "second")


def test_a_folder_of_the_same_name_does_not_take_its_place(measured_project, capsys):
    before = Path("evaluated/mine-bbox/metrics.json").read_bytes()
    shutil.copytree("photos/mine", "others/mine")
    assert run("others/mine", *BBOX) == 1
    assert (
        "error: evaluated/mine-bbox: is the result of models/bbox on photos/mine; "
        "name another --out" in capsys.readouterr().err
    )
    assert Path("evaluated/mine-bbox/metrics.json").read_bytes() == before


def test_labels_that_were_changed_do_not_take_its_place(measured_project, rewritten, capsys):
    before = Path("evaluated/mine-bbox/metrics.json").read_bytes()
    rewritten(lambda pascal: pascal["annotations"].pop())
    assert run("photos/mine", *BBOX) == 1
    words = "evaluated/mine-bbox: is the result of models/bbox on photos/mine with another "
    assert f"error: {words}content of the labels; name another" in capsys.readouterr().err
    assert Path("evaluated/mine-bbox/metrics.json").read_bytes() == before
    assert run("photos/mine", *BBOX, "--out", "mended") == 0
    mended, earlier = (read_evaluation(Path(name)) for name in ("mended", "evaluated/mine-bbox"))
    assert mended.objects == earlier.objects - 1


@pytest.mark.parametrize("words", ["a", "=b", "a="])
def test_a_pair_is_two_names(words, capsys):
    assert run("photos", "--rename", words) == 2
    assert f"must be OLD=NEW: {words}" in capsys.readouterr().err
