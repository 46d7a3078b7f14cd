"""The code of a model as MLflow loads and serves it: photos in base64 in, detections out.

MLflow runs this file by its path ("models from code"), so that nothing is pickled.
"""

import base64
import binascii
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from PIL import Image

from pipeline.errors import InputError
from pipeline.inference.label_scores import chosen_scores
from pipeline.photo_files import open_photo

if TYPE_CHECKING:
    from pipeline.inference.detections import Detections

UNSET = -1.0  # of `min_score`: MLflow's parameters need a default of their type


class Found(TypedDict):
    """One detection: `box` is `[xmin, ymin, xmax, ymax]` in pixels, empty where a rung has none."""

    label: str
    score: float
    box: list[float]


class Answer(TypedDict):
    """The detections in one photo, and its size in pixels."""

    width: int
    height: int
    detections: list[Found]


class LadderModel(PythonModel):
    """A trained rung; see `Detector`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the model that was logged with this file, and the label score of each class."""
        from pipeline.inference.detector import Detector  # torch, which `track` does not need

        folder = Path(context.artifacts["model"])
        self.detector = Detector.load(folder)
        self.min_scores = chosen_scores(folder)

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: Mapping[str, object] | None = None,
    ) -> list[Answer]:
        """Return what is found in each photo.

        Args:
            context: not used.
            model_input: with a column `image` of JPEG, PNG, ... files in base64.
            params: `min_score`, the same for all classes; by default each has the score that was
                chosen for it on val. A rung that gives no class returns all detections.

        Raises:
            InputError: a photo is not in base64 or does not decode; the message names its row.
        """
        photos = [_decoded(text, row) for row, text in enumerate(model_input["image"])]
        given = float(str((params or {}).get("min_score", UNSET)))
        lowest = self.min_scores if given < 0 else dict.fromkeys(self.detector.classes, given)
        return [answer(found, lowest) for found in self.detector.predict(photos)]


def answer(found: "Detections", min_scores: Mapping[str, float]) -> Answer:
    """Return detections as they are in JSON, boxes to a hundredth of a pixel.

    Args:
        found: in one photo.
        min_scores: by class, the score above which a detection is included; 0 for other classes.
    """
    width, height = found.size_wh
    boxes = [
        [] if np.isnan(box).any() else box.round(2).tolist() for box in found.boxes.astype(float)
    ]
    detections = [
        Found(label=name, score=round(score, 4), box=box)
        for name, score, box in zip(found.names, found.scores.tolist(), boxes, strict=True)
        if score > min_scores.get(name, 0)
    ]
    return Answer(width=width, height=height, detections=detections)


def _decoded(text: str | bytes, row: int) -> Image.Image:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise InputError(f"image {row}: is not in base64; encode the bytes of its file") from None
    try:
        return open_photo(io.BytesIO(content))
    except Exception as error:  # PIL raises a dozen types for damaged files
        raise InputError(f"image {row}: is not a photo ({error}); send a JPEG or PNG") from None


set_model(LadderModel())
