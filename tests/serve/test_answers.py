"""Detections become JSON."""

import numpy as np

from pipeline.inference.detections import Detections
from pipeline.serve.answers import PREDICT_BODY, PhotoAnswer, photo_answer


def found(*rows: tuple[list[float], int, float]) -> Detections:
    boxes, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return Detections(
        "a.jpg",
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(scores, np.float32),
        (60, 40),
        ["cat", "dog"],
    )


def test_nothing_found() -> None:
    answer = photo_answer("a.jpg", found(), np.array([0.3, 0.3]))
    assert answer == PhotoAnswer(name="a.jpg", width=60, height=40, detections=[])


def test_each_class_has_its_own_score_and_must_exceed_it() -> None:
    rows = [
        ([1.234, 2, 3, 4.567], 1, 0.75),
        ([0, 0, 9, 9], 0, 0.625),
        ([0, 0, 8, 8], 0, 0.5),
        ([0, 0, 7, 7], 1, 0.5),
    ]
    answer = photo_answer("a.jpg", found(*rows), np.array([0.5, 0.6], np.float32))
    assert [one.model_dump() for one in answer.detections] == [
        {"label": "dog", "score": 0.75, "box": (1.23, 2.0, 3.0, 4.57)},
        {"label": "cat", "score": 0.625, "box": (0.0, 0.0, 9.0, 9.0)},
    ]


def test_what_is_taken_is_described() -> None:
    content = PREDICT_BODY["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/json", "image/*"}
