"""Stage `report`: every picture from files alone."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from pipeline.report.figures import LARGEST_SIDE
from stages import evaluate, report
from stages.entry import run_stage
from tests.conftest import ROOT
from tests.stages.answers import TASKS, answer, rename_classes
from tests.stages.small_project import contents, run_main, write_params

pytestmark = pytest.mark.slow  # every picture is drawn

OF_ALL = {"val_grid.png", "val_worst.png", "augmented.png", "curves.png"}
OF_DETECTORS = {"pr_curves.png", "score_curves.png", "errors.png", "confusion.png", "anchors.png"}
OF_DETECTORS |= {f"progress/{percent}.png" for percent in (25, 50, 75, 100)}


@pytest.fixture
def project(evaluated, tmp_path, monkeypatch):
    """Work in a copy of the evaluated project."""
    shutil.copytree(evaluated, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Reported:
    """The project after the stage, in a process of its own, and what that has said."""

    root: Path
    said: str
    imported: str


@pytest.fixture(scope="module")
def reported(evaluated, tmp_path_factory) -> Reported:
    """The report of every rung; not to be changed."""
    root = shutil.copytree(evaluated, tmp_path_factory.mktemp("reported") / "project")
    code = (
        "import sys; from stages import report; report.main(); "
        "print(sorted({'torch', 'mlflow'} & sys.modules.keys()), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Reported(root, done.stdout, done.stderr.strip())


def only(monkeypatch, *rungs: str) -> None:
    """Let these rungs be all there are: each takes a second to draw."""
    names = property(lambda _: list(rungs))
    monkeypatch.setattr("pipeline.params.params.Params.rung_names", names)


@pytest.fixture
def one_rung(project, monkeypatch):
    """Work in the same copy, with a rung that has every kind of picture."""
    only(monkeypatch, "ssd_fpn")
    return project


def expected(rung):
    if TASKS[rung].every_object:
        return OF_ALL | OF_DETECTORS
    return OF_ALL | ({"confusion.png"} if TASKS[rung].answers_class else set())


def test_every_rung_has_its_pictures_and_none_is_too_large(reported):
    figures = reported.root / "figures"
    names = {f"{rung}/{name}" for rung in TASKS for name in expected(rung)} | {"ladder.png"}
    assert contents(figures).keys() == names
    assert reported.said == (
        f"figures: {len(names)} pictures of 6 rungs\n"
        "report/index.html: the ladder; report.md for a pull request; data.html the data\n"
    )
    for name in names:
        with Image.open(figures / name) as picture:
            assert 100 < min(picture.size) and max(picture.size) <= LARGEST_SIDE + 10
            assert len(np.unique(np.asarray(picture.convert("L")))) > 10


def test_twice_is_byte_for_byte_the_same(one_rung):
    run_main(report)
    before = contents(Path("figures")), contents(Path("report"))
    assert before[1].keys() == {"data.html", "index.html", "report.md"}
    run_main(report)
    assert (contents(Path("figures")), contents(Path("report"))) == before


def test_more_photos_are_drawn_where_more_are_asked_for(project, monkeypatch):
    only(monkeypatch, "classifier")
    write_params(project, report__grid_photos=1)
    run_main(report)
    with Image.open("figures/classifier/val_grid.png") as picture:
        one = picture.size
    write_params(project, report__grid_photos=4)
    run_main(report)
    with Image.open("figures/classifier/val_grid.png") as picture:
        assert picture.size[0] > 1.9 * one[0]


def test_it_imports_neither_torch_nor_mlflow(reported):
    assert reported.imported == "[]"


def test_numbers_for_dvc_lie_in_a_folder_for_each_kind_that_dvc_yaml_names(reported):
    named = {
        path: entry
        for item in YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["plots"]
        if isinstance(item, dict)
        for path, entry in item.items()
    }
    files = contents(reported.root / "plots")
    assert {f"plots/{file.split('/')[0]}" for file in files} == named.keys()
    for file, content in files.items():
        kind, name = file.split("/")
        source = reported.root / "evaluation" / Path(name).stem / f"{kind}.csv"
        assert content == source.read_bytes()
        entry, header = named[f"plots/{kind}"], content.decode().splitlines()[0].split(",")
        columns = entry["y"] if isinstance(entry["y"], list) else [entry["y"]]
        assert {entry["x"], *columns} <= set(header)
    # One confusion matrix a rung: never two under one title.
    assert {"confusion/classifier.csv", "confusion/ssd_fpn.csv"} <= files.keys()


def test_names_that_no_font_has_are_said(one_rung, capsys):
    names = [chr(0x10FFFD), *(f"class {n}" for n in range(1, 6))]  # for private use: in no font
    rename_classes(names)
    answer("ssd_fpn")
    run_main(evaluate, "ssd_fpn")
    capsys.readouterr()
    run_main(report)
    assert "class 0: no font here can draw their names" in capsys.readouterr().out


def _no_predictions():
    Path("predictions/ssd_fpn.parquet").unlink()


def _no_evaluation():
    Path("evaluation/ssd_189/label_scores.json").unlink()


def _other_label_scores():
    Path("evaluation/ssd_189/label_scores.json").write_text(json.dumps({"dodo": 0.5}))


def _no_curves():
    Path("evaluation/bbox/history.csv").unlink()


def _no_pixels():
    Path("data/pixels/photos.npy").unlink()


def _no_checks():
    Path("data/tables/checks.json").unlink()


def _unknown_parameter():
    path = Path("params.yaml")
    path.write_text(path.read_text().replace("grid_photos", "photos_of_grid"))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (_no_predictions, "predictions/ssd_fpn.parquet: no such file; run the predict stage "),
        (_no_evaluation, "evaluation/ssd_189/label_scores.json: no such file; run the evaluate "),
        (_other_label_scores, "evaluation/ssd_189/label_scores.json: not label scores of these "),
        (_no_curves, "evaluation/bbox/history.csv: no such file; run the evaluate stage first"),
        (_no_pixels, "data/pixels/photos.npy: no such file; run the pixels stage first"),
        (_no_checks, "data/tables/checks.json: no such file; run the tables stage first"),
        (_unknown_parameter, "params.yaml: "),
    ],
)
def test_bad_input_is_one_line_and_the_earlier_pictures_stay(
    project, monkeypatch, capsys, spoil, line
):
    Path("figures").mkdir()
    Path("figures/ladder.png").write_text("earlier")
    spoil()
    monkeypatch.setattr("sys.argv", ["report"])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run_stage(report.main)
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert shown.out == ""
    assert shown.err.startswith(f"error: {line}") and shown.err.count("\n") == 1
    assert contents(Path("figures")) == {"ladder.png": b"earlier"}
