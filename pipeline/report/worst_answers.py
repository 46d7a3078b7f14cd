"""The worst predictions of a rung that predicts the largest object of each photo."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.evaluate.score import answers_for, judge_largest
from pipeline.tasks import Task


@dataclass(frozen=True)
class WorstAnswer:
    """A photo with a bad prediction, and what its verdict does not say, in words.

    Attributes:
        image_id: of the photo.
        words: its file name, and how far off the box is, if there is one.
    """

    image_id: int
    words: str


def worst_answers(
    largest: pa.Table, predictions: pa.Table, task: Task, limit: int
) -> list[WorstAnswer]:
    """Return the wrong classes, the most confident first, then the boxes that are farthest off.

    A right class without a box is never among them; any box may be, as all are somewhat off.

    Args:
        largest: the largest object of each photo of a split.
        predictions: for at least these photos.
        task: of the rung.
        limit: the most photos to return.
    """
    answers = answers_for(largest, predictions)
    judged = judge_largest(largest, answers, task)
    zeros = np.zeros(len(largest))
    wrong, far = judged.get("accuracy", zeros + 1) == 0, judged.get("l1_px", zeros)
    confidence = np.where(wrong, answers["score"].to_numpy(), 0)
    order = np.lexsort((-far, -confidence, ~wrong))
    bad = [int(row) for row in order if wrong[row] or far[row] > 0]
    ids, files = largest["image_id"].to_pylist(), largest["file_name"].to_pylist()
    how_far = [f": {one:.1f} px off" if "l1_px" in judged else "" for one in far]
    return [WorstAnswer(ids[row], files[row] + how_far[row]) for row in bad[:limit]]


def kinds_in_words(answers_class: bool, answers_box: bool) -> str:
    """Return in words what the worst predictions of a rung are.

    >>> kinds_in_words(True, True)
    'the most confident wrong classes, then the boxes farthest off'
    """
    kinds = ["the most confident wrong classes"] if answers_class else []
    return ", then ".join(kinds + (["the boxes farthest off"] if answers_box else []))
