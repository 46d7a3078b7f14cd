"""A trained rung on disk: a loaded model predicts as the saved one did, bit for bit."""

import json
import math
import resource
from dataclasses import asdict

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline.errors import InputError
from pipeline.files import sha256_of
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.registry import RUNGS
from pipeline.rungs.saved_model import build_model, load_model, save_model
from tests.rungs.making import CLASSES, model_of, spec_of

CPU = torch.device("cpu")


@pytest.fixture(scope="module", params=[rung.name for rung in RUNGS])
def saved(request, tmp_path_factory):
    """A model whose statistics are no longer those of a new one, and its folder."""
    folder = tmp_path_factory.mktemp(request.param)
    spec = spec_of(request.param)
    model = model_of(request.param).to(memory_format=torch.channels_last).train()
    with torch.no_grad():
        model(torch.randn(4, 3, spec.image_size, spec.image_size))
    save_model(folder, model.eval(), spec)
    return folder, model, spec


def test_the_loaded_model_answers_the_same(saved):
    folder, model, spec = saved
    torch.manual_seed(99)  # the weights come from the file, not from chance
    loaded, _ = load_model(folder, CPU)
    assert not loaded.training
    images = torch.randn(2, 3, spec.image_size, spec.image_size)
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        ours, theirs = loaded(images), model(images)
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        assert torch.equal(ours[key], value)


def test_the_spec_alone_rebuilds_the_model(saved):
    folder, model, spec = saved
    content = json.loads((folder / "model.json").read_text())
    digest = content.pop("weights_sha256")
    assert digest == sha256_of(folder / "model.safetensors")
    assert content == json.loads(json.dumps(asdict(spec)))
    assert content["classes"] == CLASSES
    rebuilt = build_model(ModelSpec(**content))
    assert type(rebuilt) is type(model)
    shapes = {name: tensor.shape for name, tensor in rebuilt.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in model.state_dict().items()}


def test_the_files_of_the_folder(saved):
    folder, model, spec = saved
    names = {path.name for path in folder.iterdir()}
    anchors = model.anchors_for(spec.image_size)
    if anchors is None:
        assert names == {"model.json", "model.safetensors"}
    else:
        assert names == {"model.json", "model.safetensors", "anchors.npy"}
        assert np.load(folder / "anchors.npy").tolist() == anchors.tolist()


def test_the_loaded_spec_is_the_saved_one(saved):
    folder, _, spec = saved
    loaded = load_model(folder, CPU)[1]
    assert json.dumps(asdict(loaded)) == json.dumps(asdict(spec))


@pytest.mark.parametrize("missing", ["model.json", "model.safetensors"])
def test_without_a_model_there_is_one_line(tmp_path, missing):
    save_model(tmp_path, model_of("classifier"), spec_of("classifier"))
    (tmp_path / missing).unlink()
    with pytest.raises(InputError) as error:
        load_model(tmp_path, CPU)
    assert str(error.value).startswith(str(tmp_path))
    assert str(error.value).endswith(": no model there; train it first")


def test_without_a_folder_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"model\.json: no model there; train it first"):
        load_model(tmp_path / "classifier", CPU)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def _without_rung(path):
    spec = json.loads(path.read_text())
    del spec["rung"]
    path.write_text(json.dumps(spec))


def _other_rung(path):
    path.write_text(path.read_text().replace('"classifier"', '"submarine"'))


def _weights_of_another(path):
    save_model(path.parent, model_of("bbox"), spec_of("classifier"))


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _stranger(change):
    """Return a function that spoils weights and updates their digest, as an attacker would."""

    def spoil(path):
        described = path.with_name("model.json")
        spec = json.loads(described.read_text())
        change(path)
        described.write_text(json.dumps(spec | {"weights_sha256": sha256_of(path)}))

    return spoil


def _not_finite(path):
    state = load_file(path)
    state["head.pooled.bias"][0] = math.nan
    save_file(state, path)


def _of_doubles(path):
    save_file({name: tensor.double() for name, tensor in load_file(path).items()}, path)


@pytest.mark.parametrize(
    ("name", "spoil", "line"),
    [
        ("model.json", lambda path: path.write_text(""), "the file = b'': Invalid JSON: "),
        ("model.json", lambda path: path.write_text("[]"), "the file = []: Input should be an obj"),
        ("model.json", lambda path: path.write_bytes(b"\xff"), "the file = "),
        ("model.json", _cut, "the file = "),
        ("model.json", _without_rung, "missing parameter rung; train it again"),
        ("model.json", _other_rung, "submarine: no such rung; there are "),
        ("model.json", lambda path: path.write_bytes(bytes(10_000_001)), "has more than "),
        ("model.safetensors", _cut, "damaged, its SHA-256 is not that of model.json; train "),
        ("model.safetensors", _flip, "damaged, its SHA-256 is not that of model.json; train "),
        *(
            ("model.safetensors", _stranger(change), line)
            for change, line in (
                (lambda path: path.write_bytes(b""), "not weights, or damaged ("),
                (lambda path: path.write_bytes(b"PK" * 99), "not weights, or damaged ("),
                (_cut, "not weights, or damaged ("),
                (_not_finite, "head.pooled.bias has a number that is not finite; train it again"),
                (_of_doubles, "not the weights of "),
            )
        ),
        ("model.safetensors", _weights_of_another, "not the weights of "),
    ],
)
def test_a_damaged_file_is_named_in_one_line(tmp_path, name, spoil, line):
    save_model(tmp_path, model_of("classifier"), spec_of("classifier"))
    spoil(tmp_path / name)
    with pytest.raises(InputError) as error:
        load_model(tmp_path, CPU)
    assert str(error.value).startswith(f"{tmp_path / name}: {line}")
    assert "\n" not in str(error.value)


def test_a_stranger_gets_no_memory_before_the_weights_are_seen(tmp_path):
    """A head for 32,768 classes, and a backbone of a gigabyte: refused by the shapes alone."""
    save_model(tmp_path, model_of("ssd_fpn"), spec_of("ssd_fpn"))
    described = tmp_path / "model.json"
    spec = json.loads(described.read_text())
    spec["options"]["channels"] = 1024
    many = [f"class {number}" for number in range(2**15)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for changed in ({"classes": many}, {"backbone": "regnety_2560"}):
        described.write_text(json.dumps(spec | changed))
        with pytest.raises(InputError, match="not the weights of"):
            load_model(tmp_path, CPU)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 500_000  # kB; 1.4 GB and 5 GB if they were built


def test_an_older_model_without_a_digest_loads(tmp_path):
    save_model(tmp_path, model_of("classifier"), spec_of("classifier"))
    described = tmp_path / "model.json"
    spec = json.loads(described.read_text())
    del spec["weights_sha256"]
    described.write_text(json.dumps(spec))
    assert load_model(tmp_path, CPU)[1].rung == "classifier"
