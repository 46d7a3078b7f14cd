"""`ladder export`, on small rungs with random weights."""

import pytest

from commands import main as ladder
from pipeline.inference.detector import Detector
from tests.exported_files import needs_runtimes
from tests.inference.making import pixels_of, saved, spec_of


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(["export", *arguments])
    return end.value.code


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a folder with a model of `combined` and parameters, and no data."""
    from tests.conftest import ROOT

    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    saved(tmp_path / "models" / "combined", "combined")
    return tmp_path


def test_a_file_is_written_and_loads(project, capsys):
    needs_runtimes()
    saved(project / "models" / "bbox", "bbox")
    assert run("bbox") == 0
    printed = capsys.readouterr()
    check, size = printed.out.splitlines()
    assert check.startswith("bbox: raw outputs differ by ")
    assert check.endswith(", same boxes in 16 of 16 photos, on random pixels")
    steps = [line.split(",")[0] for line in printed.err.splitlines()]
    assert steps == [
        "bbox: tracing",
        "bbox: writing onnx",
        "checking against torch: 16/16 photos",
    ]
    megabytes = (project / "exports" / "bbox.onnx").stat().st_size / 1e6
    assert size == f"exports/bbox.onnx: {megabytes:.1f} MB"
    [found] = Detector.load("exports/bbox.onnx").predict([pixels_of(50, 30)])
    assert found.size_wh == (50, 30) and found.boxes.shape == (1, 4)


def test_another_place(project, capsys):
    assert run("combined", "--format", "torch", "--out", "given/c.pt2") == 0
    assert "given/c.pt2: " in capsys.readouterr().out
    assert [path.name for path in (project / "given").iterdir()] == ["c.pt2"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bbox"], "bbox/model.json: no model there; train it first, or take models/combined"),
        (["owl"], "owl: no such rung; there are classifier"),
        (["combined", "--out", "a.pt2"], "--out a.pt2: a file of --format onnx must end in .onnx"),
        (["combined", "--format", "openvino-int8"], "needs photos of train and val; run `make"),
    ],
)
def test_what_cannot_be_done_is_one_line(project, capsys, arguments, says):
    assert run(*arguments) == 1
    *steps, line = capsys.readouterr().err.splitlines()
    assert says in line
    assert not any("error" in step for step in steps)
    assert not (project / "exports").exists() or not list((project / "exports").iterdir())


def test_wrong_arguments(project, capsys):
    assert run("combined", "--max-fall", "7") == 2
    assert run("combined", "--format", "tflite") == 2
    assert "--max-fall: must be from 0 to 1" in capsys.readouterr().err


@pytest.mark.slow
def test_int8_is_measured_on_val(painted_project, capsys):
    needs_runtimes()
    pytest.importorskip("nncf", reason="nncf is installed by hand")
    from pipeline.data.inputs import read_inputs
    from pipeline.rungs.saved_model import save_model
    from pipeline.tasks import Task
    from tests.inference.making import model_of

    classes = read_inputs(Task.CLASSIFY).classes
    folder = painted_project / "models" / "bbox"
    folder.mkdir(parents=True, exist_ok=True)
    save_model(folder, model_of("bbox"), spec_of("bbox", classes=classes))
    assert run("bbox", "--format", "openvino-int8", "--max-fall", "1") == 0
    said, graph, weights = capsys.readouterr().out.splitlines()
    assert said.startswith("bbox: val mean_iou ") and ", in int8 " in said
    assert graph.startswith("exports/bbox-int8.xml: ") and weights.startswith("exports/bbox-int8.")
    (painted_project / "exports" / "bbox-int8.xml").write_text("of before")
    assert run("bbox", "--format", "openvino-int8", "--max-fall", "0") in (0, 1)
