"""A trained rung on disk: weights as safetensors, everything else as JSON."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline.errors import InputError
from pipeline.files import sha256_of
from pipeline.models.backbone import Backbone
from pipeline.reading.damage import naming_damage
from pipeline.rungs.model_spec import AGAIN, ModelSpec, read_spec, spec_text
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import RungModel


def build_model(spec: ModelSpec) -> RungModel:
    """Return the model of a spec with random weights.

    Raises:
        InputError: there is no such rung, or it is not for this task, size, backbone or options.
    """
    rung = find_rung(spec.rung)
    if spec.task != rung.task.value:
        raise InputError(f"task = {spec.task}: {rung.name} is for {rung.task.value}")
    backbone = Backbone(spec.backbone)
    return rung.build(backbone, spec.image_size, len(spec.classes), spec.options)


def save_model(folder: Path, model: RungModel, spec: ModelSpec) -> None:
    """Write `model.safetensors` and `model.json`, and `anchors.npy` for a model with anchors.

    Args:
        folder: must exist.
        model: its weights are saved.
        spec: of the model.
    """
    state = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    weights = folder / "model.safetensors"
    save_file(state, weights)
    (folder / "model.json").write_text(spec_text(spec, sha256_of(weights)))
    anchors = model.anchors_for(spec.image_size)
    if anchors is not None:
        np.save(folder / "anchors.npy", anchors.cpu().numpy())


def load_model(folder: Path, device: torch.device) -> tuple[RungModel, ModelSpec]:
    """Return a saved model, in evaluation mode on `device`, and its spec.

    Raises:
        InputError: the folder has no model in it, or one of its files is damaged.
    """
    described, weights = folder / "model.json", folder / "model.safetensors"
    spec, digest = read_spec(described)
    state = _read_weights(weights, digest)
    try:
        with torch.device("meta"):  # allocates no memory, whatever an untrusted file asks for
            _check_weights(state, build_model(spec), described, weights)
        model = build_model(spec)
    except InputError as error:
        named = str(error).startswith(str(folder))
        raise error if named else InputError(f"{described}: {error}; {AGAIN}") from None
    model.load_state_dict(state)
    return model.to(device).to(memory_format=torch.channels_last).eval(), spec


def _read_weights(weights: Path, digest: str) -> dict[str, Tensor]:
    try:
        if digest and sha256_of(weights) != digest:
            raise InputError(f"{weights}: damaged, its SHA-256 is not that of model.json; {AGAIN}")
        with naming_damage(weights, "weights", AGAIN):
            return load_file(weights)
    except FileNotFoundError:
        raise InputError(f"{weights}: no model there; train it first") from None


def _check_weights(
    state: dict[str, Tensor], model: RungModel, described: Path, weights: Path
) -> None:
    """Check that weights are finite and fit a model, which may be on the meta device."""
    expected = model.state_dict()
    fitting = state.keys() == expected.keys() and all(
        state[name].shape == tensor.shape and state[name].dtype == tensor.dtype
        for name, tensor in expected.items()
    )
    if not fitting:
        raise InputError(f"{weights}: not the weights of {described}; {AGAIN}")
    for name, tensor in state.items():
        if not tensor.isfinite().all():
            raise InputError(f"{weights}: {name} has a number that is not finite; {AGAIN}")
