"""What a person has decided about machine labels, and the labels after it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipeline.errors import InputError
from pipeline.files import write_beside
from pipeline.formats.labels import Labels


class Decision(BaseModel):
    """A box by its photo, class and place, and what is to become of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    photo: str
    name: str
    box: tuple[float, float, float, float]  # [x, y, width, height] in pixels
    action: Literal["accept", "reject", "relabel"]
    to: str = ""  # the right class of a box that is relabelled

    @model_validator(mode="after")
    def _relabels_to_a_class(self) -> Self:
        if self.action == "relabel" and not self.to.strip():
            raise ValueError("a box that is relabelled needs a class")
        return self


class Review(BaseModel):
    """The file that the page of `ladder review` exports."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decisions: list[Decision]


def read_review(path: Path) -> list[Decision]:
    """Return the decisions of a file that the page has exported.

    Raises:
        InputError: it is absent or something else.
    """
    try:
        return Review.model_validate(json.loads(path.read_text(encoding="utf-8"))).decisions
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; export it from the page of `ladder review`"
        ) from None
    except (OSError, ValueError, ValidationError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: no review ({reason}); export it from the page again") from None


def write_review(path: Path, decisions: Sequence[Decision]) -> None:
    """Write decisions so that `read_review` returns them."""
    text = Review(decisions=list(decisions)).model_dump_json(indent=1)
    write_beside(path, lambda beside: beside.write_text(text + "\n", encoding="utf-8"))


def apply_review(labels: Labels, decisions: Sequence[Decision], source: Path) -> Labels:
    """Return the labels after a review: rejected boxes are gone, relabelled ones have their class.

    What a person has accepted or relabelled has no score any more (NaN): it is truth.

    Args:
        labels: of a model.
        decisions: of a person; of several about one box the last one counts.
        source: the file they are from, for messages.

    Raises:
        InputError: a box that was decided about is not among the labels.
    """
    rows = {name: row for row, name in enumerate(labels.images["file_name"].to_pylist())}
    boxes = _places(labels)  # by the class that a box has by now
    classes = list(labels.classes)
    new_labels = labels.labels.copy()
    scores = np.full(len(boxes), np.nan, np.float32)
    if labels.scores is not None:
        scores[:] = labels.scores
    keep = np.ones(len(boxes), bool)
    for decision in decisions:
        key = (rows.get(decision.photo, -1), decision.name, _rounded(decision.box))
        if key not in boxes:
            raise InputError(
                f"{source}: {decision.photo}: no {decision.name} at {list(decision.box)} among "
                "the labels; review them as they are now"
            )
        at = boxes[key]
        keep[at] = decision.action != "reject"
        scores[at] = np.nan
        name = decision.to if decision.action == "relabel" else decision.name
        if name not in classes:
            classes.append(name)
        new_labels[at] = classes.index(name)
        boxes[(*key[:1], name, key[2])] = at
    return replace(labels, classes=classes, labels=new_labels, scores=scores).of_objects(keep)


def _places(labels: Labels) -> dict[tuple[int, str, tuple[float, ...]], int]:
    """Return the position of each object by row, class and box."""
    return {
        (int(row), labels.classes[label], _rounded(box)): at
        for at, (row, label, box) in enumerate(
            zip(labels.rows, labels.labels, labels.boxes.tolist(), strict=True)
        )
    }


def _rounded(box: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(side, 1) for side in box)
