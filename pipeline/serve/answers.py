"""The JSON of requests and responses, as OpenAPI describes it to client generators."""

import numpy as np
from pydantic import BaseModel, Field

from pipeline.inference.detections import Detections

_BINARY = {"type": "string", "format": "binary"}
_BASE64 = {"type": "string", "format": "byte"}


def _many(item: dict[str, str]) -> dict[str, object]:
    photos = {"type": "array", "items": item}
    return {"schema": {"type": "object", "properties": {"photos": photos}, "required": ["photos"]}}


PREDICT_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": _many(_BINARY),
            "application/json": _many(_BASE64),
            "image/*": {"schema": _BINARY},
        },
    }
}


class Found(BaseModel):
    """One object in a photo."""

    label: str = Field(description="the class")
    score: float = Field(description="0 to 1")
    box: tuple[float, float, float, float] = Field(
        description="xmin, ymin, xmax, ymax in pixels of the photo as a viewer shows it"
    )


class PhotoAnswer(BaseModel):
    """What was found in a photo, the most certain first."""

    name: str
    width: int
    height: int
    detections: list[Found]


class PhotoError(BaseModel):
    """Why one photo of several was not processed."""

    name: str
    error: str


class Answer(BaseModel):
    """What was found in the photos of a request, in their order."""

    photos: list[PhotoAnswer | PhotoError]


class Error(BaseModel):
    """Why a request was refused, and the remedy."""

    error: str


class Health(BaseModel):
    """What is served."""

    status: str
    model: str
    rung: str
    digest: str = Field(description="SHA-256 of the model's description and weights")
    classes: list[str]
    image_size: int
    device: str
    scores: dict[str, float] = Field(description="by class: the score that an object must exceed")
    lowest_score: float = Field(description="nothing below this is returned, whatever min_score is")
    waiting: int = Field(description="photos not answered yet")


def photo_answer(name: str, found: Detections, min_scores: np.ndarray) -> PhotoAnswer:
    """Return the answer for a photo.

    Args:
        name: of the photo.
        found: its detections, each with a box and a class.
        min_scores: `(C,)` the score that a detection must exceed, by class.
    """
    width, height = found.size_wh
    told = found.scores > min_scores[found.labels]
    detections = [
        Found(
            label=found.classes[label],
            score=round(float(score), 4),
            box=tuple(round(side, 2) for side in box),
        )
        for label, score, box in zip(
            found.labels[told], found.scores[told], found.boxes[told].tolist(), strict=True
        )
    ]
    return PhotoAnswer(name=name, width=width, height=height, detections=detections)
