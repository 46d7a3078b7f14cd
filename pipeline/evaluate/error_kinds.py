"""What is wrong with each detection, and which objects were missed.

The kinds are TIDE's: Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection
Errors" (arXiv:2008.08115), section 2.2. A false positive is the first of these that applies,

- `localisation`: an object of its class overlaps it by .1 to .5,
- `class`: an object of another class overlaps it by more than .5,
- `duplicate`: an object of its class does, but a better-ranked detection has that object,
- `background`: no object overlaps it by more than .1,
- `both`: an object of another class overlaps it by .1 to .5,

and an object is `missed` if it has no true positive, nor a `class` or `localisation` error that
could become one. The paper lets kinds overlap; this order is that of the authors' program, tidecv.
What is a true positive follows `voc_ap`. `ignore` objects, and detections matched to them, are
left out.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.evaluate.detections import Detections, Truth, take
from pipeline.evaluate.pairs import pairs_of_photo
from pipeline.evaluate.voc_ap import match_detections

KINDS = ("class", "localisation", "both", "duplicate", "background", "missed")
TRUE_POSITIVE = "true positive"
FOREGROUND, BACKGROUND = 0.5, 0.1  # IoU; TIDE, section 2.2


@dataclass(frozen=True)
class Errors:
    """Truth and detections without what is `ignore`, and the errors among them.

    Attributes:
        truth: the N objects that count.
        detections: the K detections that count.
        kinds: `(K,)` names: `TRUE_POSITIVE`, or one of `KINDS` except `missed`.
        targets: `(K,)` row of the object that a `class` or `localisation` error should have
            found; -1 for all others.
        found: `(N,)` bool; a true positive is matched to this object.
        missed: `(N,)` bool.
    """

    truth: Truth
    detections: Detections
    kinds: np.ndarray
    targets: np.ndarray
    found: np.ndarray
    missed: np.ndarray

    def photos(self, kind: str) -> np.ndarray:
        """Return the photo of each error of a kind, one entry per error."""
        if kind == "missed":
            return self.truth.photo[self.missed]
        return self.detections.photo[self.kinds == kind]


def find_errors(truth: Truth, detections: Detections, num_classes: int) -> Errors:
    """Return the kind of every error.

    Args:
        truth: the labelled objects.
        detections: what was found, of any score.
        num_classes: C; both sides' labels must be in 0..C-1.
    """
    ignored = match_detections(truth, detections, num_classes, FOREGROUND).ignored
    truth, detections = take(truth, ~truth.ignore), take(detections, ~ignored)
    same = match_detections(truth, detections, num_classes, FOREGROUND)
    other, other_iou = _best_of_another_class(truth, detections)
    kinds = np.select(
        [
            same.true_positive,
            (same.iou >= BACKGROUND) & (same.iou <= FOREGROUND),
            other_iou > FOREGROUND,
            same.iou > FOREGROUND,
            other_iou <= BACKGROUND,
        ],
        [TRUE_POSITIVE, "localisation", "class", "duplicate", "background"],
        "both",
    )
    targets = np.select([kinds == "localisation", kinds == "class"], [same.best, other], -1)
    found = _are_among(same.best[same.true_positive], len(truth.photo))
    targeted = _are_among(targets[targets >= 0], len(truth.photo))
    return Errors(truth, detections, kinds, targets, found, ~found & ~targeted)


def errors_by_photo(errors: Errors, photos: np.ndarray) -> np.ndarray:
    """Return `(P, 6)`: how many errors of each of `KINDS` every photo has.

    Args:
        errors: of `find_errors`.
        photos: `(P,)` distinct ids, including all that occur in `errors`.
    """
    order = np.argsort(photos)
    counts = np.zeros((len(photos), len(KINDS)), dtype=int)
    for column, kind in enumerate(KINDS):
        places = order[np.searchsorted(photos, errors.photos(kind), sorter=order)]
        counts[:, column] = np.bincount(places, minlength=len(photos))
    return counts


def worst_photos(counts: np.ndarray, limit: int) -> list[tuple[int, str]]:
    """Return row and summary, such as "2 missed, 1 background", of photos with the most errors.

    Photos without errors are left out; ties keep their order.

    Args:
        counts: `(P, 6)` of `errors_by_photo`.
        limit: the largest number of photos to return.
    """
    totals = counts.sum(1)
    worst = np.argsort(-totals, kind="stable")[: min(limit, np.count_nonzero(totals))]
    return [(int(place), _in_words(counts[place])) for place in worst]


def _in_words(counts: np.ndarray) -> str:
    """Return the kinds that occur, the most frequent first."""
    order = np.argsort(-counts, kind="stable")
    return ", ".join(f"{counts[kind]} {KINDS[kind]}" for kind in order if counts[kind])


def _best_of_another_class(truth: Truth, detections: Detections) -> tuple[np.ndarray, np.ndarray]:
    """Return `(K,)` most overlapping object of another class, -1 for none, and `(K,)` IoU."""
    pairs = pairs_of_photo(truth, detections)
    differ = truth.labels[pairs.objects] != detections.labels[pairs.detections]
    return pairs.where(differ).best(len(detections.photo))


def _are_among(rows: np.ndarray, count: int) -> np.ndarray:
    """Return `(count,)` bool: which of 0..count-1 are among `rows`."""
    return np.isin(np.arange(count), rows)
