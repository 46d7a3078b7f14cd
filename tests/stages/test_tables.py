"""Stage `tables`: from data/source to data/tables, or one line and nothing changed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from pipeline.files import PARAMS, SOURCE
from pipeline.findings import read_findings
from pipeline.params.params import load_params
from pipeline.schemas import SCHEMAS, read_table
from stages.entry import run_stage
from stages.fetch import main as fetch_main
from stages.tables import main, read_sets
from tests.conftest import ROOT
from tests.data.making import CAT, SIZE, files_in, voc

COLUMNS = "file_name,class,xmin,ymin,xmax,ymax\n"


def configure(project: Path, duplicates: str = "warn", **fetch: object) -> None:
    """Write params.yaml with these parameters of fetch, and what happens to duplicates."""
    yaml = YAML()
    params = yaml.load((ROOT / "params.yaml").read_text())
    params["fetch"] |= {"split": "given"} | fetch
    params["tables"]["duplicates"] = duplicates
    with (project / "params.yaml").open("w") as file:
        yaml.dump(params, file)


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Work in an empty project folder; return a function that fills data/source."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tables"])
    configure(tmp_path)

    def write(bboxes, splits=("train", "val")):
        shutil.rmtree(tmp_path / "data/source", ignore_errors=True)
        (tmp_path / "data/source/photos").mkdir(parents=True)
        sides = {"width": 64, "height": 48}
        pascal = {
            "images": [
                {"id": i, "file_name": f"{i}.jpg", "split": split, **sides}
                for i, split in enumerate(splits)
            ],
            "annotations": [
                {"id": i, "image_id": i % len(splits), "category_id": 1, "bbox": bbox, "ignore": 0}
                for i, bbox in enumerate(bboxes)
            ],
            "categories": [{"id": 1, "name": "cat [red]"}],
        }
        for image in pascal["images"]:
            (tmp_path / "data/source/photos" / image["file_name"]).touch()
        (tmp_path / "data/source/annotations.json").write_text(json.dumps(pascal))
        return tmp_path

    return write


def outputs(project):
    folder = project / "data/tables"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_tables_and_the_report_are_written(source, capsys):
    project = source([[0, 0, 10, 10], [5, 5, 100, 10], [7, 7, 0, 3]])
    run_stage(main)
    assert sorted(outputs(project)) == [
        *("checks.json", "images.parquet", "largest.parquet", "objects.parquet", "report.json")
    ]
    for name, rows in {"images": 2, "objects": 2, "largest": 2}.items():
        assert len(read_table(project / f"data/tables/{name}.parquet", SCHEMAS[name])) == rows
    assert json.loads((project / "data/tables/report.json").read_text())["clipped"] == 1
    shown = capsys.readouterr().out
    assert "cat [red]" in shown
    assert "clipped to the photo: 1\n" in shown
    assert "dropped: 1\n  0.jpg: annotation 2: no area\n" in shown


def test_of_many_dropped_boxes_ten_are_listed(source, capsys):
    source([[0, 0, 10, 10]] * 2 + [[7, 7, 0, 3]] * 13)
    run_stage(main)
    shown = capsys.readouterr().out
    assert shown.count("no area") == 10
    assert "  and 3 more, in data/tables/report.json\n" in shown


def test_the_same_source_gives_the_same_bytes(source):
    project = source([[0, 0, 10, 10], [5, 5, 10, 10]])
    run_stage(main)
    before = outputs(project)
    run_stage(main)
    assert outputs(project) == before


@pytest.mark.parametrize(
    ("bboxes", "splits", "line"),
    [
        ([], ("train", "val"), "annotations.json: annotations: no box is left; "),
        (
            [[0, 0, 5, 5]],
            ("val", "val"),
            "annotations.json: split train: has no photo; ",
        ),
        ([[0, 0, 5, 5]], ("val", "train"), "annotations.json: split train: has no object "),
        ([[0, 0, -5, 5]], ("train",), "annotations.json: annotations: no box is left; "),
        ([[0, None, 5, 5]], ("train",), "annotations[0]: bbox [0, None, 5, 5] is not four"),
        ([[0, 0, 5, 5]], ("train", None), "annotations.json: image '1.jpg': has no split"),
        ([[0, 0, 5, 5]], ("train", "fold 3"), "image '1.jpg': unknown split 'fold 3'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_earlier_tables(source, capsys, bboxes, splits, line):
    project = source([[0, 0, 10, 10], [5, 5, 10, 10]])
    run_stage(main)
    before = outputs(project)
    capsys.readouterr()
    source(bboxes, splits)
    with pytest.raises(SystemExit) as end:
        run_stage(main)
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert shown.out == ""
    assert shown.err.startswith("error: ") and line in shown.err and shown.err.count("\n") == 1
    assert outputs(project) == before
    assert [path.name for path in (project / "data").iterdir()].count(".tables.partial") == 0


def test_a_message_names_the_users_own_file(source, capsys):
    project = source([[0, None, 5, 5]])
    shutil.copytree(project / "data/source", project / "mine")
    configure(project, source="local", path="mine")
    with pytest.raises(SystemExit):
        run_stage(main)
    assert capsys.readouterr().err.startswith("error: mine/annotations.json: annotations[0]: ")


@pytest.mark.parametrize("name", ["dog", "puppy"])
def test_a_class_that_another_set_has_in_train_takes_no_photo_from_val(source, name):
    fetch = {
        "source": "local",
        "split": "fraction",
        "classes": {"rename": [], "keep": [], "drop": []},
    }
    fetch["sources"] = [{"path": "one"}, {"path": "two"}]
    configure(source([]), **fetch)
    photos = {f"one/{n}.bmp": None for n in range(10)} | {f"two/{n}.bmp": None for n in range(5)}
    dogs = COLUMNS + "".join(f"{n}.bmp,dog,1,2,9,9\n" for n in range(5))
    cats = [f"{n}.bmp,cat,1,2,9,9\n" for n in range(10)]
    files_in(SOURCE, {"one/a.csv": COLUMNS + "".join(cats), "two/a.csv": dogs} | photos)
    before = read_sets(load_params(PARAMS).fetch).images["split"].to_pylist()
    cats[before.index("val")] = f"{before.index('val')}.bmp,{name},1,2,9,9\n"
    (SOURCE / "one/a.csv").write_text(COLUMNS + "".join(cats))
    if name != "dog":
        fetch["classes"]["rename"] = [[name, "dog"]]
        configure(Path(), **fetch)
    labels = read_sets(load_params(PARAMS).fetch)
    assert labels.images["split"].to_pylist() == before
    assert labels.notes == ()


def test_a_missing_photo_is_refused(source, capsys):
    project = source([[0, 0, 5, 5]])
    (project / "data/source/photos/1.jpg").unlink()
    with pytest.raises(SystemExit):
        run_stage(main)
    assert "annotations.json: photo '1.jpg' is missing below data/source" in capsys.readouterr().err


def test_xml_is_read_with_its_lists_and_the_lesson_takes_train_alone(source, capsys):
    project = source([[0, 0, 5, 5]])
    shutil.rmtree(project / "data/source")
    lists = {"train": "a\nc\n", "val": "b\n", "trainval": "a\nb\nc\n", "test": "d\n"}
    voc(project / "data/source", dict.fromkeys("abcd", SIZE + CAT), **lists)
    run_stage_of(project, "given")
    images = read_table(project / "data/tables/images.parquet", SCHEMAS["images"])
    assert images["split"].to_pylist() == ["train", "val", "train", "test"]
    assert images["photo"].to_pylist() == [f"JPEGImages/{name}.jpg" for name in "abcd"]
    run_stage_of(project, "lesson")
    images = read_table(project / "data/tables/images.parquet", SCHEMAS["images"])
    assert images["file_name"].to_pylist() == ["a.jpg", "c.jpg"]


def run_stage_of(project, split):
    configure(project, split=split)
    for file in (project / "data/source/Annotations").iterdir():  # objects that count
        file.write_text(file.read_text().replace("<difficult>1<", "<difficult>0<"))
    run_stage(main)


@pytest.fixture
def leaking(source):
    """A project in which two photos of train are copies of one of val, and have other boxes."""
    project = source([[0, 0, 20, 20], [5, 5, 20, 20], [7, 7, 20, 20], [9, 9, 20, 20]], SPLITS)
    photos = project / "data/source/photos"
    noise = np.random.default_rng(1).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((64, 48))
    for number in range(3):
        picture.save(photos / f"{number}.jpg", quality=90)
    picture.resize((96, 72)).save(photos / "1.jpg", quality=70)
    Image.fromarray(noise[::-1]).resize((64, 48)).save(photos / "3.jpg")
    return project


SPLITS = ("train", "train", "val", "train")
LEAK = "photos of train with a copy in val or test: 2"


def test_copies_of_val_in_train_are_named(leaking, capsys):
    run_stage(main)
    shown = capsys.readouterr().out
    assert f"{LEAK}, first 0.jpg; tables.duplicates: drop leaves them out\n" in shown
    assert (
        "pairs of photos that are copies: 3, first 2.jpg (val) and 0.jpg (train); keep one of each"
        in shown
    )
    assert "pairs of equal photos with different boxes: 1, first 2.jpg and 0.jpg; keep" in shown
    assert read_findings(leaking / "data/tables/checks.json").copies.leaked == 2


def test_copies_of_val_are_left_out_of_train(leaking, capsys):
    configure(leaking, "drop")
    run_stage(main)
    assert f"{LEAK}, first 0.jpg; left out\n" in capsys.readouterr().out
    images = read_table(leaking / "data/tables/images.parquet", SCHEMAS["images"])
    assert images["file_name"].to_pylist() == ["2.jpg", "3.jpg"]
    assert len(read_table(leaking / "data/tables/objects.parquet", SCHEMAS["objects"])) == 2


def test_what_leaves_nothing_to_learn_names_the_copies(leaking, capsys):
    labels = leaking / "data/source/annotations.json"
    pascal = json.loads(labels.read_text())
    pascal["categories"].append({"id": 2, "name": "dog"})
    for number in (0, 2):  # in train and in val, where it is a copy
        pascal["annotations"][number]["category_id"] = 2
    labels.write_text(json.dumps(pascal))
    configure(leaking, "drop")
    with pytest.raises(SystemExit):
        run_stage(main)
    error = capsys.readouterr().err.splitlines()[-1]
    assert "class dog: has objects in val or test and none in train; " in error
    assert f"; tables.duplicates has dropped {LEAK}, first 2.jpg (val) and 0.jpg (train)" in error
    assert error.endswith("; keep one of each")


def test_copies_of_val_are_refused(leaking, capsys):
    configure(leaking, "error")
    with pytest.raises(SystemExit) as end:
        run_stage(main)
    assert end.value.code == 1
    shown = capsys.readouterr()
    error = shown.err.splitlines()[-1]
    assert error.startswith(f"error: data/source: {LEAK}, first 2.jpg (val) and 0.jpg (train), ")
    assert error.endswith("; remove them, or set tables.duplicates to drop")
    assert shown.out == ""
    assert not (leaking / "data/tables").exists()


def test_copies_in_train_alone_are_not_refused(leaking):
    configure(leaking, "error", split="fraction", val_fraction=0.0)
    run_stage(main)
    copies = read_findings(leaking / "data/tables/checks.json").copies
    assert (copies.pairs, copies.leaked) == (3, 0)


def test_as_a_command_without_a_source(tmp_path):
    configure(tmp_path)
    command = [sys.executable, "-m", "stages.tables"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: data/source: no such folder; run the fetch stage first\n"


def test_the_stage_starts_without_torch_and_mlflow():
    code = "import sys, stages.tables; print({'torch', 'mlflow', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n"


CASES = {  # folder: (parameters of fetch, objects, photos, a note or part of the refusal)
    "layouts/kaggle": ({}, 2, 2, None),
    "layouts/roboflow_coco": ({"split": "given"}, 3, 3, "is Roboflow's name for the project"),
    "class_seen_in_val_only/set": ({}, 60, 40, "photos moved into train, which had no object of "),
    "coco_normalised/set": ({}, 4, 4, "the boxes of all 4 objects are shares"),
    "exif_180_in_a_set_labelled_as_stored/set": ({}, 2, 2, "0 are read turned and 2 as stored"),
    "leftovers_of_mac/set": ({}, 2, 2, None),
    "names_spelled_otherwise/coco_backslash": ({}, 2, 2, "otherwise than their photos: 2"),
    "names_spelled_otherwise/coco_urlencoded": ({}, 1, 2, "otherwise than their photos: 1"),
    "names_spelled_otherwise/voc_nfd": ({}, 2, 2, "otherwise than their photos: 1"),
    "voc_photos_without_xml/set": ({}, 2, 2, "labels do not name, left out: 4 (c.jpg, d.jpg, "),
    "voc_reversed_corners/set": ({}, 3, 3, "read the right way round: 2"),
    "voc_xml_in_subfolders/set": ({}, 5, 5, None),
    "voc_xml_of_other_kinds/set": ({}, 0, 0, "a.xml: begins with <annotations>, not <annotation>"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_set_on_which_earlier_code_failed(case, shared, tmp_path, monkeypatch, capsys):
    fetch, objects, photos, words = CASES[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["stage"])
    wanted = {"source": "local", "path": str(shared("cases") / case), "split": "fraction"}
    configure(tmp_path, **(wanted | fetch))
    fetch_main()
    if not photos:
        with pytest.raises(SystemExit):
            run_stage(main)
        assert words in capsys.readouterr().err
        return
    run_stage(main)
    report = json.loads((tmp_path / "data/tables/report.json").read_text())
    assert (report["objects"], report["images"]) == (objects, photos)
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert shown == [f"note: {note}" for note in report["notes"]]
    assert (words is None and not shown) or any(words in note for note in shown)
