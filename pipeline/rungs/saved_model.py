"""A trained rung on disk: weights as safetensors, everything else as JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pipeline.errors import InputError
from pipeline.models.backbone import Backbone
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import Options, RungModel

_AGAIN = "train it again"
Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


@dataclass(frozen=True)
class ModelSpec:
    """Everything that rebuilds a model without the data that trained it.

    Attributes:
        rung: its name.
        task: what it predicts, a value of `Task`.
        backbone: a timm name.
        image_size: side S of the input.
        classes: names in the order of the labels.
        mean, std: normalisation of pixels in 0..1.
        precision: that it was trained and is evaluated in, see `autocast`.
        processor: what trained it; between kinds of processors results differ by rounding.
        options: of the head, see `Rung.options`.
        params: all parameters of the training, for the record.
    """

    rung: str
    task: str
    backbone: str
    image_size: int
    classes: list[str]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    precision: str
    processor: str
    options: Options
    params: dict[str, Json]


def build_model(spec: ModelSpec) -> RungModel:
    """Return the model of a spec with random weights."""
    backbone = Backbone(spec.backbone)
    return find_rung(spec.rung).build(backbone, spec.image_size, len(spec.classes), spec.options)


def save_model(folder: Path, model: RungModel, spec: ModelSpec) -> None:
    """Write `model.safetensors` and `model.json`, and `anchors.npy` for a model with anchors.

    Args:
        folder: must exist.
        model: its weights are saved.
        spec: of the model.
    """
    state = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "model.safetensors")
    (folder / "model.json").write_text(json.dumps(asdict(spec), indent=2) + "\n")
    anchors = model.anchors_for(spec.image_size)
    if anchors is not None:
        np.save(folder / "anchors.npy", anchors.cpu().numpy())


def load_model(folder: Path, device: torch.device) -> tuple[RungModel, ModelSpec]:
    """Return a saved model, in evaluation mode on `device`, and its spec.

    Raises:
        InputError: the folder has no model in it, or one of its files is damaged.
    """
    described, weights = folder / "model.json", folder / "model.safetensors"
    try:
        spec = ModelSpec(**json.loads(described.read_text()))
        state = load_file(weights, device=str(device))
    except FileNotFoundError as error:
        raise InputError(f"{error.filename or folder}: no model there; train it first") from None
    except (ValueError, TypeError) as error:
        raise InputError(f"{described}: does not describe a model ({error}); {_AGAIN}") from None
    except SafetensorError as error:
        raise InputError(f"{weights}: damaged ({error}); {_AGAIN}") from None
    try:
        model = build_model(spec).to(device)
    except InputError as error:
        raise InputError(f"{described}: {error}") from None
    try:
        model.load_state_dict(state)
    except RuntimeError:  # its message has a line for each weight
        raise InputError(f"{weights}: not the weights of {described}; {_AGAIN}") from None
    return model.to(memory_format=torch.channels_last).eval(), spec
