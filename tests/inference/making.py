"""Small real models with random weights, and photos for them."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pipeline.inference.detector import Detector
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.params.params import PredictParams
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import RungModel
from pipeline.rungs.saved_model import build_model, save_model

CLASSES = ["cat", "dog", "owl"]
SIDE = 64
SIZES = {"ssd_4x4": 128, "ssd_189": 128}  # a 4x4 grid; the others take 64
EVERYTHING = PredictParams(min_score=0.0, nms_threshold=0.5, max_detections=5)
_OPTIONS = {"ssd_fpn": {"dropout": 0.0, "channels": 16, "anchor_scale": 4.0}}


def spec_of(rung: str, **changes) -> ModelSpec:
    """Return the spec of a rung on a small backbone, in float32."""
    values = {
        "rung": rung,
        "task": find_rung(rung).task.value,
        "backbone": "mobilenetv3_small_050",
        "image_size": SIZES.get(rung, SIDE),
        "classes": CLASSES,
        "mean": (0.5, 0.4, 0.3),
        "std": (0.25, 0.2, 0.1),
        "precision": "float32",
        "processor": "abacus",
        "options": _OPTIONS.get(rung, {"form": "ours", "dropout": 0.0}),
        "params": {},
    }
    return ModelSpec(**values | changes)


def model_of(rung: str) -> RungModel:
    """Return a model in evaluation mode whose predictions differ from photo to photo."""
    torch.manual_seed(3)
    model = build_model(spec_of(rung))
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(norm.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(norm.running_var, 0.5, 1.5)
    return model.to(memory_format=torch.channels_last).eval()


def detector_of(rung: str, **options) -> Detector:
    """Return a detector that drops next to nothing."""
    return Detector(
        TorchEngine(model_of(rung), spec_of(rung)), **{"decoding": EVERYTHING} | options
    )


def saved(folder: Path, rung: str) -> Path:
    """Save the model of a rung and return the folder."""
    folder.mkdir(parents=True)
    save_model(folder, model_of(rung), spec_of(rung))
    return folder


def pixels_of(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Return a photo `(height, width, 3)` with coarse detail."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height)))


def photo_file(path: Path, width: int = 60, height: int = 40, seed: int = 0) -> Path:
    """Save such a photo and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels_of(width, height, seed)).save(path)
    return path


def equal(one, other) -> bool:
    """Return whether two photos have the same detections, to the last bit."""
    return one.size_wh == other.size_wh and all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "boxes")
        for name in ("boxes", "labels", "scores")
    )
