"""Step 8: a trained rung on disk: weights as safetensors, everything else as JSON."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from pipeline.errors import InputError
from pipeline.models.backbone import Backbone
from pipeline.models.float32_layers import keep_float32
from pipeline.rungs.registry import find_rung

LABEL_SCORE = 0.3  # of a class whose own score is not known


@dataclass(frozen=True)
class ModelCard:
    """Everything that rebuilds a model without the code or data that trained it.

    Attributes:
        rung: its name.
        backbone: a timm name.
        image_size: side S of the input.
        classes: names in the order of the labels.
        mean, std: normalisation of pixels in 0..1.
        options: of the head.
        params: all parameters of the training, for the record.
        label_scores: by class, the score above which a detection becomes a label; none where the
            rung says one object a photo in any case.
    """

    rung: str
    backbone: str
    image_size: int
    classes: list[str]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    options: dict[str, Any]
    params: dict[str, Any]
    label_scores: dict[str, float] = field(default_factory=dict)

    @property
    def precision(self) -> str:
        """In which numbers it learnt, see `autocast`; it is looked at and labels in the same."""
        return self.params.get("shared", {}).get("precision", "auto")


def build_model(card: ModelCard) -> nn.Module:
    """Return the card's model with random weights."""
    family = find_rung(card.rung).family()
    backbone = Backbone(card.backbone)
    model = family.build(backbone, card.image_size, len(card.classes), card.options)
    return keep_float32(model)


def save_model(folder: Path, model: nn.Module, card: ModelCard) -> None:
    """Write `model.safetensors` and `model.json` into an existing folder."""
    state = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "model.safetensors")
    (folder / "model.json").write_text(json.dumps(asdict(card), indent=2) + "\n")


def load_model(folder: Path, device: torch.device) -> tuple[nn.Module, ModelCard]:
    """Return a saved model, at rest on `device`, and its card.

    Raises:
        InputError: the folder has no model in it, or one of its files is damaged.
    """
    described, weights = folder / "model.json", folder / "model.safetensors"
    again = "train it again"
    try:
        card = ModelCard(**json.loads(described.read_text()))
        state = load_file(weights, device=str(device))
    except FileNotFoundError as error:
        raise InputError(f"{error.filename or folder}: no model there; train it first") from None
    except (ValueError, TypeError) as error:
        raise InputError(f"{described}: does not describe a model ({error}); {again}") from None
    except SafetensorError as error:
        raise InputError(f"{weights}: damaged ({error}); {again}") from None
    try:
        model = build_model(card).to(device)
    except InputError as error:
        raise InputError(f"{described}: {error}") from None
    try:
        model.load_state_dict(state)
    except RuntimeError:  # its message has a line for each weight
        raise InputError(f"{weights}: not the weights of {described}; {again}") from None
    return model.to(memory_format=torch.channels_last).eval(), card
