"""Stage `tables`: from data/source to data/tables, or one line and nothing changed."""

import json
import subprocess
import sys

import orjson
import pytest

from pipeline.schemas import SCHEMAS, read_table
from stages.entry import run_stage
from stages.tables import main


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Work in an empty project folder; return a function that writes its annotations.json."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tables"])

    def write(bboxes, splits=("train", "val")):
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
            "type": "instances",
        }
        (tmp_path / "data/source").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data/source/annotations.json").write_bytes(orjson.dumps(pascal))
        return tmp_path

    return write


def outputs(project):
    folder = project / "data/tables"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_tables_and_the_report_are_written(source, capsys):
    project = source([[0, 0, 10, 10], [5, 5, 100, 10], [7, 7, 0, 3]])
    run_stage(main)
    assert sorted(outputs(project)) == [
        *("images.parquet", "largest.parquet", "objects.parquet", "report.json")
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
    assert shown.endswith("  and 3 more, in data/tables/report.json\n")


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
        ([[0, 0, 5, 5]], ("val", "val"), "annotations.json: split train: has no photo; "),
        ([[0, 0, 5, 5]], ("val", "train"), "annotations.json: split train: has no object "),
        ([[0, 0, -5, 5]], ("train",), "0.jpg: annotation 0: bbox [0, 0, -5, 5] has a negative"),
        ([[0, None, 5, 5]], ("train",), "0.jpg: annotation 0: bbox [0, nan, 5, 5] is not finite"),
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
    assert [path.name for path in (project / "data").iterdir()].count("tables.partial") == 0


def test_as_a_command_without_a_source(tmp_path):
    command = [sys.executable, "-m", "stages.tables"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    path = "data/source/annotations.json"
    assert done.stderr == f"error: {path}: no such file; run the fetch stage first\n"


def test_the_stage_starts_without_torch_and_mlflow():
    code = "import sys, stages.tables; print({'torch', 'mlflow', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n"
