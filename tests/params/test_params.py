"""Parameters: the repository's own are valid; every mistake is one line with file and key."""

import math
import re
from pathlib import Path

import pytest

from pipeline.params.params import load_params
from pipeline.params.train import GridSsdParams
from pipeline.rungs.registry import RUNGS
from tests.conftest import ROOT
from tests.params.refused import refused


def test_the_repositorys_own_parameters_load(content):
    params = load_params(ROOT / "params.yaml")
    assert params.fetch.source == content["fetch"]["source"]
    assert params.fetch.path == Path(content["fetch"]["path"])
    assert params.pixels.size == content["pixels"]["size"]
    assert params.predict.max_detections == content["predict"]["max_detections"]
    assert params.rung_names == [rung.name for rung in RUNGS]
    for name in params.rung_names:
        assert params.rung(name).head.lr == content["train"][name]["head"]["lr"]
        assert params.rung(name) is getattr(params.train, name)
    assert isinstance(params.rung("ssd_4x4"), GridSsdParams)


@pytest.mark.parametrize(
    "key",
    [
        "surprise",
        "fetch.surprise",
        "fetch.demo.size_px",
        "train.ssd_fpn.epochs",
        "train.classifier.head.warmup",
        "train.bbox.augment.shear",
        "train.bbox.class_weight",
    ],
)
def test_unknown_key(change, key):
    assert refused(change(key, 1)) == f"unknown parameter {key}"


@pytest.mark.parametrize(
    "key",
    [
        "fetch",
        "train.shared.seed",
        "train.ssd_fpn",
        "train.combined.class_weight",
        "train.ssd_189.late.lr",
        "report.grid_photos",
    ],
)
def test_missing_key(change, key):
    assert refused(change(key, ...)) == f"missing parameter {key}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("train.shared.batch_size", "many"),
        ("train.shared.batch_size", 2.5),
        ("train.shared.batch_size", [32]),
        ("train.classifier.image_size", None),
        ("train.shared.compile", "perhaps"),
        ("train.shared.device", 0),
        ("train.classifier.head", 4),
        ("fetch", "demo"),
        ("fetch.path", 7),
    ],
)
def test_wrong_type(change, key, value):
    assert refused(change(key, value)).startswith(f"{key} = {value!r}: ")


OUT_OF_RANGE = [
    ("fetch.source", "coco"),
    ("fetch.split", "random"),
    ("fetch.val_fraction", 1.1),
    ("fetch.val_fraction", -0.1),
    ("fetch.seed", -1),
    ("fetch.seed", 2**32),
    ("train.shared.seed", -1),
    ("train.shared.seed", 2**32),
    ("fetch.demo.photos", 0),
    ("fetch.demo.size", 31),
    ("tables.duplicates", "keep"),
    ("pixels.size", 31),
    ("train.classifier.image_size", 31),
    ("train.shared.precision", "half"),
    ("train.ssd_fpn.image_size", 31),
    ("train.ssd_fpn.train_size", 31),
    ("train.shared.batch_size", 1),
    ("train.shared.schedule", "step"),
    ("train.classifier.lr_divisor", 0.5),
    ("train.shared.grad_clip", 0),
    ("train.shared.weight_decay", -1),
    ("train.shared.early_stop", -1),
    ("train.classifier.head.epochs", -1),
    ("train.classifier.head.lr", 0),
    ("train.classifier.dropout", 1.0),
    ("train.classifier.ema", 1.0),
    ("train.classifier.augment.flip", 1.5),
    ("train.classifier.augment.rotate", 46),
    ("train.classifier.augment.crop", 0),
    ("train.classifier.augment.crop", 1.1),
    ("train.classifier.augment.zoom_out", 0.9),
    ("train.classifier.augment.lighting", -0.1),
    ("train.ssd_4x4.match_iou", 1.0),
    ("train.ssd_4x4.focal_gamma", -1),
    ("train.ssd_fpn.channels", 0),
    ("train.ssd_fpn.channels", 100),  # not a multiple of the groups of 8
    ("train.ssd_fpn.anchor_scale", 0),
    ("predict.min_score", 2),
    ("predict.nms_threshold", 1.5),
    ("predict.max_detections", 0),
]


@pytest.mark.parametrize(("key", "value"), OUT_OF_RANGE)
def test_out_of_range(change, key, value):
    assert refused(change(key, value)).startswith(f"{key} = {value!r}: ")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "key", ["train.bbox.head.lr", "train.shared.weight_decay", "fetch.val_fraction"]
)
def test_number_that_is_none(change, key, value):
    assert refused(change(key, value)).startswith(f"{key} = {value!r}: ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("train.classifier.augment.rotate", 0),
        ("train.classifier.augment.crop", 1),
        ("train.classifier.augment.zoom_out", 1),
        ("train.classifier.dropout", 0),
        ("train.classifier.head.epochs", 0),
        ("fetch.val_fraction", 0.99),
        ("fetch.seed", 2**32 - 1),
        ("train.shared.seed", 2**32 - 1),
        ("train.ssd_fpn.channels", 8),
    ],
)
def test_ends_of_the_ranges_are_allowed(change, key, value):
    section = load_params(change(key, value))
    for part in key.split("."):
        section = getattr(section, part)
    assert section == value


def test_all_mistakes_are_named_at_once(change, tmp_path):
    path = change("pixels.size", 1)
    path.write_text(path.read_text().replace("grid_photos:", "grid_fotos:"))
    message = refused(path)
    assert "pixels.size = 1" in message
    assert "missing parameter report.grid_photos" in message
    assert "unknown parameter report.grid_fotos" in message


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "1.e-3", "0.001"])
def test_small_numbers_are_read_as_dvc_reads_them(content, tmp_path, text):
    path = tmp_path / "params.yaml"
    own = (ROOT / "params.yaml").read_text()
    path.write_text(re.sub(r"weight_decay: \S+", f"weight_decay: {text}", own))
    assert load_params(path).train.shared.weight_decay == 0.001


def test_missing_file(tmp_path):
    assert "not found" in refused(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    "text", ["fetch: [1,\n  pixels: }", "fetch: 1\nfetch: 2\n", "a: b: c", "\tfetch: 1"]
)
def test_not_yaml(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert refused(path).startswith("not valid YAML: ")


@pytest.mark.parametrize("text", ["", "just words", "- 1\n- 2\n"])
def test_yaml_without_keys(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    assert refused(path).startswith("the file = ")


def test_file_that_cannot_be_read(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_bytes(b"fetch: \xff\xfe")
    assert refused(path) == "not text in UTF-8; save it as UTF-8"
    folder = tmp_path / "folder"
    folder.mkdir()
    assert refused(folder).startswith("cannot be read: ")
