"""What is known about a folder or an exported file before it sees any photo."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.inference.described_model import (
    EXPORTED,
    check_is_there,
    describe_detector,
    describe_model,
    model_digest,
)
from pipeline.inference.engines.load import _OF_FILES
from tests.exported_files import described, exported_file, needs_runtimes
from tests.inference.making import saved


def test_the_digest_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model.json: no model there; train it first"):
        model_digest(tmp_path)
    for name in ("model.json", "model.safetensors"):
        (tmp_path / name).write_text("one")
    digest = model_digest(tmp_path)
    (tmp_path / "history.jsonl").write_text("more")
    assert model_digest(tmp_path) == digest
    (tmp_path / "model.safetensors").write_text("two")
    assert model_digest(tmp_path) != digest


def test_the_folders_that_have_a_model_are_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("bbox", "ssd_fpn", "half"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "model.json").touch()
        if name != "half":
            (tmp_path / "models" / name / "model.safetensors").touch()
    there = "no model there; train it first, or take models/bbox or models/ssd_fpn"
    for look in (describe_detector, check_is_there):
        with pytest.raises(InputError) as caught:
            look(Path("models/none"))
        assert str(caught.value) == f"models/none/model.json: {there}"
    with pytest.raises(InputError) as caught:
        check_is_there(Path("models/half"))
    assert str(caught.value) == f"models/half/model.safetensors: {there}"
    check_is_there(Path("models/bbox"))


def test_a_folder(tmp_path: Path) -> None:
    folder = saved(tmp_path / "models/ssd_fpn", "ssd_fpn")
    chosen = tmp_path / "evaluation/ssd_fpn/label_scores.json"
    chosen.parent.mkdir(parents=True)
    chosen.write_text('{"cat": 0.5}')
    about = describe_detector(folder)
    assert (about.spec.rung, about.label_scores) == ("ssd_fpn", {"cat": 0.5})
    assert about.digest == model_digest(folder)


@pytest.mark.parametrize("form", ["onnx", "openvino", "torch"])
def test_a_file_says_the_same(form: str) -> None:
    needs_runtimes()
    file = exported_file("ssd_fpn", form)
    about = describe_detector(file)
    assert about.spec == described("ssd_fpn").spec
    assert about.label_scores == described("ssd_fpn").label_scores
    assert len(about.digest) == 64 and about.digest == describe_detector(file).digest


def test_a_rung_that_predicts_no_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bbox: does not predict both classes and boxes"):
        describe_detector(saved(tmp_path / "bbox", "bbox"))
    about = describe_model(tmp_path / "bbox")
    assert about.spec.rung == "bbox" and about.digest == model_digest(tmp_path / "bbox")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.onnx: no such file; make it with `ladder export`"):
        describe_detector(tmp_path / "a.onnx")


def test_endings_are_those_that_load() -> None:
    assert set(EXPORTED) == set(_OF_FILES)


def test_a_folder_is_described_without_torch() -> None:
    code = "import sys, pipeline.inference.described_model; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
