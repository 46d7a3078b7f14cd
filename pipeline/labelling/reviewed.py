"""Applies the decisions of people to the labels of a job, which stores them."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError, counted
from pipeline.files import sha256_of
from pipeline.formats.labels import Labels
from pipeline.labelling.labels import FoundLabels, above_min_scores
from pipeline.labelling.waiting import WaitingPhotos
from pipeline.review.decisions import Decision, Review, apply_reviews, read_reviews, write_reviews


@dataclass(frozen=True)
class ReviewedLabels:
    """The labels of a job's detections after some reviews, block by block like `FoundLabels`.

    Attributes:
        found: by the job.
        reviews: of photos that have not changed since.
        classes: those of the model, then those that people have added.
    """

    found: FoundLabels
    reviews: Sequence[Review]
    classes: list[str]

    def __iter__(self) -> Iterator[Labels]:
        found = self.found
        for labels in found.of_any_score():
            reviewed = apply_reviews(replace(labels, classes=self.classes), self.reviews).labels
            yield above_min_scores(reviewed, found.min_scores, doubtful=found.doubtful)


def reviews_of(job: Path) -> Path:
    """Return the file with people's decisions about the labels of the job in a folder."""
    return job / "review.json"


def after_reviews(
    found: FoundLabels, photos: WaitingPhotos, latest: Review | None, source: Path | None
) -> Iterable[Labels]:
    """Return the labels of a job's detections, with all decisions of people applied.

    The job stores the decisions, so that they remain when more photos are labelled. Those about
    photos that have changed, and about boxes that are no longer found, are skipped and counted on
    stderr; so are those of an earlier export of the same page that the latest one undoes.

    Args:
        found: by the job.
        photos: of the job, for their folder.
        latest: a new review, or a later export of one that the job has.
        source: the file of the latest, for a message.

    Raises:
        InputError: no decision of the latest review is about a box that is among the labels.
    """
    kept = reviews_of(found.job.folder)
    reviews = read_reviews(kept)
    if latest:
        contents = _contents(found.done, photos, [latest])
        if earlier := reviews.earlier(latest):
            contents |= earlier.photos  # the page showed these photos
            _report_undone(earlier, latest, source)
        latest = latest.model_copy(update={"photos": contents})
        reviews = reviews.with_latest(latest)
    if not reviews.reviews:
        return found
    now = _contents(found.done, photos, reviews.reviews)
    about = [review.about(now) for review in reviews.reviews]
    # A review may name any box, however low its score, and names few enough photos for memory.
    reviewed = apply_reviews(found.of_any_score().of_photos(_photos(about)), about)
    if latest:
        at = reviews.reviews.index(latest)
        if latest.decisions and len(reviewed.unfit[at]) == len(about[at].decisions):
            raise _nothing_fits(latest.decisions[0], source)
        write_reviews(kept, reviews)
    changed = _decisions(reviews.reviews) - _decisions(about)
    _report(kept, changed, sum(map(len, reviewed.unfit)))
    return ReviewedLabels(found, about, reviewed.labels.classes)


def _photos(reviews: Iterable[Review]) -> set[str]:
    return {one.photo for review in reviews for one in review.decisions}


def _decisions(reviews: Iterable[Review]) -> int:
    return sum(len(review.decisions) for review in reviews)


def _nothing_fits(one: Decision, source: Path | None) -> InputError:
    return InputError(
        f"{source}: {one.photo}: no {one.name} at {list(one.box)} among the labels, nor any other "
        "box that it decides about, in photos as they were then; review them as they are now"
    )


def _report_undone(earlier: Review, latest: Review, source: Path | None) -> None:
    """Print how many decisions are gone; two people may each have exported a part of one page."""
    before, now = (
        {(one.photo, one.name, one.box) for one in review.decisions} for review in (earlier, latest)
    )
    if undone := len(before - now):
        words = counted(undone, "decision of it is undone", "decisions of it are undone")
        print(f"{source}: replaces an earlier export of its page; {words}", file=sys.stderr)


def _report(kept: Path, changed: int, unfit: int) -> None:
    if passed_over := changed + unfit:
        words = counted(passed_over, "decision is passed over", "decisions are passed over")
        print(
            f"{kept}: {words}: {changed} of photos that have changed or are gone, {unfit} of boxes "
            "that are not found any more",
            file=sys.stderr,
        )


def _contents(done: pa.Table, photos: WaitingPhotos, reviews: Iterable[Review]) -> dict[str, str]:
    """Return, by name, what identifies the content of each photo that the reviews are about."""
    names = pa.array(sorted(_photos(reviews)), pa.string())
    there = done.filter(pc.is_in(done["file_name"], names))
    if isinstance(photos.folder, Path):
        folder = photos.folder
        return {name: sha256_of(folder / name) for name in there["file_name"].to_pylist()}
    states = there.select(["file_name", "bytes", "modified"]).to_pylist()
    return {one["file_name"]: f"{one['bytes']} bytes of {one['modified']}" for one in states}
