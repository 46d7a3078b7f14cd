"""Both versions are trained alike, and the table says how they compare."""

import subprocess

import pytest

from benchmarks.ladder import FIRST, SIDE, check_out, photos_per_s, set_params, table
from pipeline.params.params import load_params
from tests.conftest import ROOT


@pytest.fixture
def history(monkeypatch):
    monkeypatch.chdir(ROOT)
    known = subprocess.run(["git", "cat-file", "-e", FIRST], capture_output=True, check=False)
    if known.returncode:
        pytest.skip("no git history with the first version here")


def test_the_parameters_of_now_are_legal(history, tmp_path):
    check_out("HEAD", tmp_path / "now")
    path = tmp_path / "now" / "params.yaml"
    rungs = set_params(path)
    params = load_params(path)
    assert rungs == params.rung_names
    assert params.train.ssd_fpn.image_size == params.train.bbox.image_size == SIDE


def test_the_first_version_is_in_the_history(history, tmp_path):
    check_out(FIRST, tmp_path / "first")
    set_params(tmp_path / "first" / "params.yaml")
    assert (tmp_path / "first" / "stages" / "train.py").is_file()
    assert "train_size" not in (tmp_path / "first" / "params.yaml").read_text()


def test_table_by_hand():
    rows = [
        {"rung": "bbox", "version": "first", "photos_per_s": 20.0, "cores_busy": 1.3},
        {"rung": "bbox", "version": "now", "photos_per_s": 50.0, "cores_busy": 1.9},
    ]
    assert table(rows)[2:] == ["| bbox | 20.0 photos/s | 50.0 photos/s | 2.50 x | 1.3 → 1.9 |"]


def test_the_rate_of_either_version(tmp_path):
    for folder in ("timings", "training"):
        (tmp_path / folder).mkdir()
    (tmp_path / "timings" / "bbox.json").write_text('{"img_per_s": 20.0}')
    assert photos_per_s(tmp_path, "bbox") == 20.0
    (tmp_path / "training" / "bbox.json").write_text('{"photos_per_s": 50.0}')
    assert photos_per_s(tmp_path, "bbox") == 50.0
