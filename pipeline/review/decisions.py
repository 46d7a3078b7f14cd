"""A person's decisions about machine labels, and how they change the labels."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import numpy as np
import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    RootModel,
    ValidationError,
    model_validator,
)

from pipeline.errors import InputError
from pipeline.files import write_beside
from pipeline.formats.labels import Labels
from pipeline.formats.names import fault_of_name, plain_name


class Decision(BaseModel):
    """A box, identified by photo, class and place, and what to do with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    photo: str
    name: str
    box: tuple[float, float, float, float]  # [x, y, width, height] in pixels
    action: Literal["accept", "reject", "relabel"]
    to: Annotated[str, AfterValidator(plain_name)] = ""  # the right class of a relabelled box

    @model_validator(mode="after")
    def _relabels_to_a_class(self) -> Self:
        if self.action == "relabel" and (fault := fault_of_name(self.to)):
            raise ValueError(f"the class {self.to!r} of a relabelled box {fault}")
        return self


class Review(BaseModel):
    """The file that the page of `ladder review` exports.

    Attributes:
        page: the id of the page; a later export of the same page includes its earlier decisions and
            replaces them. Empty if unknown.
        decisions: of several about one box, the last one counts.
        photos: by name, the digest of each photo at the time of the decision.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: str = ""
    decisions: list[Decision]
    photos: dict[str, str] = {}

    def about(self, photos: Mapping[str, str]) -> Self:
        """Return the decisions about photos that have not changed, given their present content."""

        def is_same(photo: str) -> bool:
            seen = self.photos.get(photo)
            return seen is None or seen == photos.get(photo)  # None: of an earlier version

        same = [one for one in self.decisions if is_same(one.photo)]
        return self.model_copy(update={"decisions": same})


class Reviews(BaseModel):
    """All decisions about the labels of a job, review by review."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reviews: list[Review]

    def with_latest(self, review: Review) -> Self:
        """Return the reviews with this one added, replacing an earlier one of the same page."""
        earlier = self.earlier(review)
        if earlier is None:
            reviews = [*self.reviews, review]
        else:
            reviews = [review if one is earlier else one for one in self.reviews]
        return self.model_copy(update={"reviews": reviews})

    def earlier(self, review: Review) -> Review | None:
        """Return the review of the same page, which this one replaces, if there is one."""
        for one in self.reviews:
            if review.page == one.page and (review.page or review.decisions == one.decisions):
                return one
        return None


def read_review(path: Path) -> Review:
    """Return what a page has exported.

    Raises:
        InputError: the file is missing, or not such an export.
    """
    return _read(path, Review)


def read_reviews(path: Path) -> Reviews:
    """Return the reviews that a job keeps; none if there is no file.

    Raises:
        InputError: the file holds something else.
    """
    if not path.exists():
        return Reviews(reviews=[])
    found = _read(path, _KeptFile).root
    return found if isinstance(found, Reviews) else Reviews(reviews=[found])


_KeptFile = RootModel[Reviews | Review]  # a Review: of an earlier version
_Model = TypeVar("_Model", bound=BaseModel)


def _read(path: Path, kind: type[_Model]) -> _Model:
    try:
        return kind.model_validate(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; export it from the page of `ladder review`"
        ) from None
    except (OSError, ValueError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        reason = " ".join(told.split())[:200]
        raise InputError(
            f"{path}: not a review ({reason}); export it from the page again"
        ) from None


def write_reviews(path: Path, reviews: Reviews) -> None:
    """Write reviews so that `read_reviews` returns them."""
    text = reviews.model_dump_json(indent=1)
    write_beside(path, lambda beside: beside.write_text(text + "\n", encoding="utf-8"))


@dataclass(frozen=True)
class Reviewed:
    """Labels after some reviews.

    Attributes:
        labels: without rejected boxes, and with the new classes of relabelled ones. Boxes that a
            person accepted or relabelled have no score any more (NaN): they are truth.
        unfit: for each review, the decisions about boxes that are not among the labels.
    """

    labels: Labels
    unfit: list[list[Decision]]


def apply_reviews(labels: Labels, reviews: Sequence[Review]) -> Reviewed:
    """Return the labels of a model after applying people's decisions one by one."""
    places = _places(labels, {one.photo for review in reviews for one in review.decisions})
    classes = list(labels.classes)
    new_labels = labels.labels.copy()
    scores = np.full(len(new_labels), np.nan, np.float32)
    if labels.scores is not None:
        scores[:] = labels.scores
    keep = np.ones(len(new_labels), bool)

    def apply_one(decision: Decision) -> bool:
        here = places.get(_key(decision.photo, decision.name, decision.box), [])
        if not here:
            return False
        # Boxes of two classes may be in the same place. One that was relabelled comes after those
        # to which the model gave the class, unless they were rejected.
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
        return True

    unfit = [[one for one in review.decisions if not apply_one(one)] for review in reviews]
    reviewed = replace(labels, classes=classes, labels=new_labels, scores=scores)
    return Reviewed(reviewed.of_objects(keep), unfit)


_Key = tuple[str, str, tuple[float, ...]]


def _places(labels: Labels, photos: Collection[str]) -> dict[_Key, list[int]]:
    """Return the indices of the objects in these photos, by photo, class and box."""
    images = enumerate(labels.images["file_name"].to_pylist())
    names = {row: name for row, name in images if name in photos}
    places: dict[_Key, list[int]] = {}
    for at in np.flatnonzero(np.isin(labels.rows, list(names))).tolist():
        name = labels.classes[labels.labels[at]]
        key = _key(names[labels.rows[at]], name, labels.boxes[at].tolist())
        places.setdefault(key, []).append(at)
    return places


def _key(photo: str, name: str, box: Sequence[float]) -> _Key:
    return photo, name, _rounded(box)


def _rounded(box: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(side, 1) for side in box)
