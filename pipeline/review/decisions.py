"""What a person has decided about machine labels, and the labels after it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
import orjson
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
        return Review.model_validate(orjson.loads(path.read_bytes())).decisions
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


def apply_review(
    labels: Labels,
    decisions: Sequence[Decision],
    source: Path,
    earlier: Sequence[Decision] = (),
) -> Labels:
    """Return the labels after a review: rejected boxes are gone, relabelled ones have their class.

    What a person has accepted or relabelled has no score any more (NaN): it is truth.

    Args:
        labels: of a model.
        decisions: of a person; of several about one box the last one counts.
        source: the file they are from, for messages.
        earlier: of former reviews, which come first. A photo may be gone since, or changed, so that
            those about boxes that are not there are passed over.

    Raises:
        InputError: a box that was decided about is not among the labels.
    """
    places = _places(labels)
    classes = list(labels.classes)
    new_labels = labels.labels.copy()
    scores = np.full(len(new_labels), np.nan, np.float32)
    if labels.scores is not None:
        scores[:] = labels.scores
    keep = np.ones(len(new_labels), bool)
    for number, decision in enumerate([*earlier, *decisions]):
        here = places.get(_key(decision.photo, decision.name, decision.box), [])
        if not here and number < len(earlier):
            continue
        if not here:
            raise InputError(
                f"{source}: {decision.photo}: no {decision.name} at {list(decision.box)} among "
                "the labels; review them as they are now"
            )
        # Boxes of two classes may lie on one place. One that was relabelled comes after those that
        # have the class from the model, unless they are gone.
        at = next((at for at in here if keep[at]), here[0])
        keep[at] = decision.action != "reject"
        scores[at] = np.nan
        name = decision.to if decision.action == "relabel" else decision.name
        if name not in classes:
            classes.append(name)
        new_labels[at] = classes.index(name)
        now = places.setdefault(_key(decision.photo, name, decision.box), [])
        if at not in now:
            now.append(at)
    return replace(labels, classes=classes, labels=new_labels, scores=scores).of_objects(keep)


_Key = tuple[str, str, tuple[float, ...]]


def _places(labels: Labels) -> dict[_Key, list[int]]:
    """Return the positions of the objects that have a photo, a class and a box."""
    names = labels.images["file_name"].to_pylist()
    places: dict[_Key, list[int]] = {}
    for at, (row, label, box) in enumerate(
        zip(labels.rows, labels.labels, labels.boxes.tolist(), strict=True)
    ):
        places.setdefault(_key(names[row], labels.classes[label], box), []).append(at)
    return places


def _key(photo: str, name: str, box: Sequence[float]) -> _Key:
    return photo, name, _rounded(box)


def _rounded(box: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(side, 1) for side in box)
