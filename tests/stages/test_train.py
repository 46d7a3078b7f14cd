"""Stage `train`: a rung learns, the same every time, and a kill changes nothing."""

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.files import PARAMS, PIXELS
from pipeline.params.params import load_params
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.rungs.saved_model import load_model
from pipeline.train import follower
from stages import train
from stages.entry import run_stage
from tests.conftest import ROOT
from tests.data.making import save_store
from tests.forked import start_stage
from tests.mlflow_store import give_store
from tests.stages.conftest import TRAINED
from tests.stages.small_project import (
    BACKBONE,
    SIZES,
    contents,
    copy_of,
    history,
    move_split,
    run_main,
    write_params,
)

SAME_EACH_TIME = {"history.jsonl", "model.json", "model.safetensors", "summary.txt"}
PARTS = {
    "classifier": {"loss", "class_loss", "accuracy"},
    "bbox": {"loss", "l1_px"},
    "ssd_4x4": {"loss", "class_loss", "box_loss"},
    "ssd_fpn": {"loss", "class_loss", "box_loss"},
}
NO_EPOCHS = {"epochs": 0, "lr": 0.1}


@pytest.mark.parametrize("rung", TRAINED)
def test_the_outputs_of_a_rung(trained_project, rung):
    anchors = {"anchors.npy"} if find_rung(rung).task.every_object else set()
    assert contents(Path("models", rung)).keys() == SAME_EACH_TIME | anchors
    rows = history(rung)
    assert [(row["epoch"], row["phase"]) for row in rows] == [(1, "head"), (2, "late")]
    for row in rows:
        assert set(row) == {"epoch", "phase", "lr", "train", "val", "found"}
        measured = {"voc_map_50"} if find_rung(rung).task.every_object else set()
        assert set(row["train"]) == PARTS[rung]
        assert set(row["val"]) == PARTS[rung] | measured
    spec = json.loads(Path("models", rung, "model.json").read_text())
    assert (spec["rung"], spec["backbone"]) == (rung, BACKBONE)
    assert spec["image_size"] == SIZES.get(rung, 64)
    assert set(spec["params"]) == {"shared", rung}
    summary = Path("models", rung, "summary.txt").read_text().splitlines()
    assert " parameters, " in summary[-1]
    assert summary[1].startswith("backbone.net.conv_stem") and summary[1].endswith("no")  # frozen
    figures = json.loads(Path("training", f"{rung}.json").read_text())
    on_what = {"device", "processor", "threads"}
    assert figures.keys() == {"digest", "seconds", "photos_per_s"} | on_what
    assert figures["seconds"] > 0 and figures["photos_per_s"] > 0
    assert figures["device"] == "cpu"
    seen = np.load(Path("augmented", f"{rung}.npy"))
    side = 32 if rung in ("classifier", "bbox", "ssd_fpn") else SIZES.get(rung, 64)
    assert (len(seen), seen["pixels"].shape[1:]) == (4, (side, side, 3))  # of a batch of 4
    assert not list(Path(".ladder").rglob("*.pt"))


@pytest.mark.parametrize("rung", TRAINED)
def test_the_model_answers_alone(trained_project, rung):
    model, spec = load_model(Path("models", rung), torch.device("cpu"))
    outputs = model(torch.zeros(2, 3, spec.image_size, spec.image_size))
    assert all(value.isfinite().all() for value in outputs.values())


@pytest.mark.parametrize("rung", TRAINED)
def test_twice_is_byte_for_byte_the_same(trained_project, rung):
    before, seen = contents(Path("models", rung)), Path("augmented", f"{rung}.npy").read_bytes()
    write_params(trained_project, **{f"train__{rung}__image_size": SIZES.get(rung, 64)})
    run_main(train, rung)
    after = contents(Path("models", rung))
    assert Path("augmented", f"{rung}.npy").read_bytes() == seen
    assert [name for name in SAME_EACH_TIME if after[name] != before[name]] == []


def test_another_seed_is_another_model(trained_project):
    before = contents(Path("models/classifier"))
    write_params(trained_project, train__shared__seed=43)
    run_main(train, "classifier")
    after = contents(Path("models/classifier"))
    assert after["model.safetensors"] != before["model.safetensors"]
    assert after["history.jsonl"] != before["history.jsonl"]


@pytest.fixture
def long_project(painted_project):
    """A project whose `ssd_fpn` trains long enough to be killed on the way."""
    write_params(
        painted_project,
        train__ssd_fpn__late={"epochs": 4, "lr": 0.003},
        train__ssd_fpn__all={"epochs": 2, "lr": 0.001},
    )
    return painted_project


@pytest.mark.slow
def test_killed_training_goes_on_and_ends_the_same(
    long_project, tmp_path_factory, monkeypatch, capsys
):
    other = copy_of(long_project, tmp_path_factory.mktemp("unbroken"))
    with monkeypatch.context() as patch:
        patch.chdir(other)
        run_main(train, "ssd_fpn")
    assert "going on" not in capsys.readouterr().err
    killed = start_stage("train", "ssd_fpn")
    for line in killed.said:
        if line.startswith("ssd_fpn: epoch 1/7 (head): "):
            killed.process.kill()
            break
    assert killed.end()[0] == -signal.SIGKILL
    assert not Path("models/ssd_fpn").exists()
    assert len(list(Path(".ladder/checkpoints/ssd_fpn").glob("*.pt"))) == 1

    code, shown = start_stage("train", "ssd_fpn").end()
    assert code == 0, shown
    first = shown.splitlines()[0]
    assert first.startswith("ssd_fpn: resuming after epoch ") and first.endswith(" of 7")
    assert "epoch 1/7" not in shown and "epoch 7/7 (all): " in shown
    ours, theirs = contents(Path("models/ssd_fpn")), contents(other / "models/ssd_fpn")
    assert {name: ours[name] for name in SAME_EACH_TIME} == {
        name: theirs[name] for name in SAME_EACH_TIME
    }
    assert len(history("ssd_fpn")) == 7
    assert not list(Path(".ladder").rglob("*.pt"))


def test_it_is_the_same_with_live_curves(trained_project, monkeypatch, capfd):
    give_store(trained_project)
    before = contents(Path("models/ssd_fpn"))
    monkeypatch.setattr(follower, "_WORTH_SECONDS", -1.0)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda *words, **how: started.append(popen(*words, **how)) or started[0],
    )
    write_params(trained_project, train__ssd_fpn__image_size=SIZES.get("ssd_fpn", 64))
    run_main(train, "ssd_fpn")
    assert contents(Path("models/ssd_fpn")) == before
    (live,) = started
    assert live.wait(600) == 0
    assert "warning" not in capfd.readouterr().err
    assert json.loads(Path("training/ssd_fpn.json").read_text())["digest"] == live.args[-1]


class KilledError(Exception):
    pass


def _interrupt(monkeypatch):
    """Let the next training end after its first epoch."""

    def epoch(self, row):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(train.TrainingWatch, "epoch", epoch)
        with pytest.raises(KilledError):
            run_main(train, "classifier")


def test_an_interrupted_training_goes_on(trained_project, monkeypatch, capsys):
    before = contents(Path("models/classifier"))
    _interrupt(monkeypatch)
    assert contents(Path("models/classifier")) == before
    run_main(train, "classifier")
    assert "classifier: resuming after epoch 1 of 2\n" in capsys.readouterr().err
    after = contents(Path("models/classifier"))
    assert all(after[name] == before[name] for name in SAME_EACH_TIME)


def _another_rate(root):
    write_params(root, train__classifier__late={"epochs": 1, "lr": 0.002})


def _another_split(root):
    move_split("test", "train")


def _other_pixels(root):
    save_store(PIXELS, 255 - np.load(PIXELS))


@pytest.mark.parametrize("change", [_another_rate, _another_split, _other_pixels])
def test_a_training_of_something_else_starts_anew(painted_project, monkeypatch, capsys, change):
    _interrupt(monkeypatch)
    change(painted_project)
    capsys.readouterr()
    run_main(train, "classifier")
    assert "going on" not in capsys.readouterr().err
    assert [row["epoch"] for row in history("classifier")] == [1, 2]


def _nothing(root):
    pass


def _no_table(root):
    Path("data/tables/largest.parquet").unlink()


def _fewer_pixels(root):
    save_store(PIXELS, np.zeros((3, 64, 64, 3), np.uint8))


def _no_pixels(root):
    Path("data/pixels/photos.npy").unlink()


def _one_flipped_bit(root):
    before = PIXELS.stat()
    content = bytearray(PIXELS.read_bytes())
    content[len(content) // 2] ^= 1
    PIXELS.write_bytes(content)
    os.utime(PIXELS, ns=(before.st_atime_ns, before.st_mtime_ns))


def _no_epochs(root):
    write_params(root, train__classifier__head=NO_EPOCHS, train__classifier__late=NO_EPOCHS)


def _no_val(root):
    move_split("val", "train")


def _one_val(root):
    move_split("val", "train", leave=1)


def test_a_checkpoint_is_of_weights_with_this_content(painted_project):
    params, weights = load_params(PARAMS), Path("mine.pth")
    rung = find_rung("classifier")
    spec = train.model_spec(rung, params, ["fish"])
    paths = [train.checkpoint_path(rung, spec, weights)]
    for content in ("one", "another"):
        weights.write_text(content)
        paths += [train.checkpoint_path(rung, spec, weights) for _ in range(2)]
    absent, one, again, another, _ = paths
    assert one == again and len({absent, one, another}) == 3


def _no_weights(root):
    write_params(root, train__shared__weights="nowhere.safetensors")


def _no_such_backbone(root):
    write_params(root, train__shared__backbone="resnet33")


def _rounded_down(root):
    write_params(root, train__shared__backbone="convnext_atto", train__ssd_fpn__image_size=100)


def _no_such_parameter(root):
    write_params(root, train__classifier__epochs=3)


def _steep(root):
    write_params(root, train__classifier__head={"epochs": 1, "lr": 1e36})


@pytest.mark.parametrize(
    ("rung", "spoil", "line"),
    [
        ("ssd", _nothing, "ssd: no such rung; there are classifier, bbox, "),
        ("classifier", _no_table, "data/tables/largest.parquet: no such file; run the tables "),
        ("classifier", _fewer_pixels, "data/pixels/photos.npy: has 3 photos, data/tables/images"),
        ("classifier", _no_pixels, "data/pixels/photos.npy: "),
        ("classifier", _one_flipped_bit, "data/pixels/photos.npy: damaged, the SHA-256 of photo 1"),
        ("classifier", _no_epochs, "params.yaml: train.classifier: no phase has an epoch; "),
        ("classifier", _no_val, "data/tables: 0 val photos for classifier; it needs at least 2"),
        ("ssd_fpn", _one_val, "data/tables: 1 val photos for ssd_fpn; it needs at least 2"),
        ("classifier", _no_weights, "train.shared.weights = nowhere.safetensors: no such file; "),
        ("classifier", _no_such_backbone, "train.shared.backbone = resnet33: "),
        ("ssd_fpn", _rounded_down, "params.yaml: train.ssd_fpn: image_size = 100: convnext_atto"),
        (
            "classifier",
            _no_such_parameter,
            "params.yaml: unknown parameter train.classifier.epochs",
        ),
        ("ssd_4x4", _nothing, "params.yaml: train.ssd_4x4: image_size = 64: a 4x4 grid needs "),
        ("classifier", _steep, "the loss became "),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_earlier_model(
    trained_project, monkeypatch, capsys, rung, spoil, line
):
    write_params(trained_project)
    spoil(trained_project)
    before = contents(Path("models"))
    monkeypatch.setattr("sys.argv", ["train", rung])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run_stage(train.main)
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert shown.out == ""
    assert shown.err.startswith(f"error: {line}") and shown.err.count("\n") == 1
    assert contents(Path("models")) == before


def test_a_full_gpu_is_one_line(painted_project, monkeypatch, capsys):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(train, "train_rung", full)
    monkeypatch.setattr("sys.argv", ["train", "bbox"])
    with pytest.raises(SystemExit):
        run_stage(train.main)
    assert capsys.readouterr().err == (
        "error: params.yaml: train.shared.batch_size = 4: too large for the memory of cpu; lower "
        "it, or train.bbox.image_size\n"
    )


def test_help_names_the_rungs(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["train", "--help"])
    with pytest.raises(SystemExit) as end:
        run_stage(train.main)
    assert end.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert ", ".join(rung.name for rung in RUNGS) in shown


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_a_checkpoint_goes_by_the_code_of_its_own_family(rung):
    files = {str(path.relative_to(ROOT)) for path in train.code_of(rung)}
    assert {"stages/train.py", "pipeline/train/loop.py", "pipeline/rungs/rung.py"} < files
    family = rung.family.replace(".", "/")
    assert f"{family}/criterion.py" in files
    others = {other.family.replace(".", "/") for other in RUNGS} - {family}
    assert others and not any(file.startswith(f"{other}/") for file in files for other in others)
