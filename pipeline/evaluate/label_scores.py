"""The score of each class above which a detection becomes a label.

The best score of a single class overfits the photos it was chosen on: chosen on 500 photos of
Pascal VOC, 20 such scores did worse on others than one common score. So the scores are shrunk: a
class with n objects takes the share n / (n + pull) of its own best score and the rest of the common
one. The pull is chosen by cross-validation inside the photos: scores are chosen on four
fifths of them and tried on the last fifth, five times over.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.evaluate.detections import Detections, Truth, take
from pipeline.evaluate.voc_ap import match_detections
from pipeline.predictions import UNKNOWN_LABEL_SCORE

# Number of objects at which a class's own score weighs as much as the common one; of equally good
# pulls, the strongest is taken.
PULLS = (float("inf"), 1000.0, 300.0, 100.0, 30.0, 10.0, 0.0)
_FOLDS = 5
_SEED = 0


@dataclass(frozen=True)
class LabelScores:
    """The chosen scores.

    Attributes:
        scores: `(C,)` by class; a detection with a higher score becomes a label.
        common: the best score for all classes together.
        pull: of the common score, one of `PULLS`.
    """

    scores: np.ndarray
    common: float
    pull: float


@dataclass(frozen=True)
class _Ranked:
    """Detections that count, the best score first, and how many objects of each class there are."""

    photo: np.ndarray  # (K,)
    labels: np.ndarray  # (K,)
    scores: np.ndarray  # (K,)
    true_positive: np.ndarray  # (K,) bool
    object_photo: np.ndarray  # (N,)
    object_labels: np.ndarray  # (N,)

    def of(self, photos: np.ndarray) -> "_Ranked":
        """Return what lies in these photos."""
        here, there = np.isin(self.photo, photos), np.isin(self.object_photo, photos)
        columns = (self.photo, self.labels, self.scores, self.true_positive)
        objects = (self.object_photo, self.object_labels)
        return _Ranked(*(c[here] for c in columns), *(c[there] for c in objects))


def choose_label_scores(truth: Truth, detections: Detections, num_classes: int) -> LabelScores:
    """Return the scores with the best F1 at IoU .5, each pulled towards the common one.

    F1 is the harmonic mean of precision and recall over the objects of all classes together, so
    that every label to correct counts the same.

    Args:
        truth: the labelled objects.
        detections: what was found, down to very low scores.
        num_classes: C; both sides' labels must be in 0..C-1.
    """
    ranked = _rank(truth, detections, num_classes)
    photos = np.unique(ranked.object_photo)
    pull = _best_pull(ranked, photos, num_classes) if len(photos) > 1 else PULLS[0]
    common, own, weights = _cuts(ranked, num_classes)
    scores = _pulled(common, own, weights, pull)
    return LabelScores(np.round(scores, 4), round(common, 4), pull)


def keep_labels(detections: Detections, scores: np.ndarray) -> Detections:
    """Return the detections that become labels: those above the score `(C,)` of their class."""
    return take(detections, detections.scores > scores.astype(np.float32)[detections.labels])


def best_cut(scores: np.ndarray, true_positive: np.ndarray, objects: int) -> float | None:
    """Return the score above which a ranking has the best F1, None if it has no true positive.

    The cut lies in the middle between two scores; of equal F1 the higher one is taken.

    >>> best_cut(np.array([0.9, 0.6, 0.4]), np.array([True, True, False]), 2)
    0.5

    Args:
        scores: `(K,)` descending.
        true_positive: `(K,)` bool.
        objects: number of objects to find.
    """
    if not true_positive.any():
        return None
    found = np.cumsum(true_positive)
    f1 = 2 * found / (np.arange(1, len(scores) + 1) + objects)
    below = np.append(scores[1:], 0.0)  # the next score: the cut must lie above it
    f1 = np.where(scores > below, f1, -1.0)
    best = int(f1.argmax())
    return float(scores[best] + below[best]) / 2


def _rank(truth: Truth, detections: Detections, num_classes: int) -> _Ranked:
    matches = match_detections(truth, detections, num_classes)
    rows = np.flatnonzero(~matches.ignored)
    rows = rows[np.argsort(-detections.scores[rows], kind="stable")]
    wanted = ~truth.ignore
    return _Ranked(
        detections.photo[rows],
        detections.labels[rows],
        detections.scores[rows].astype(float),
        matches.true_positive[rows],
        truth.photo[wanted],
        truth.labels[wanted],
    )


def _cuts(ranked: _Ranked, num_classes: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the common score, that of each class `(C,)`, and the objects of each class `(C,)`."""
    objects = np.bincount(ranked.object_labels, minlength=num_classes)
    common = best_cut(ranked.scores, ranked.true_positive, int(objects.sum()))
    if common is None:
        return UNKNOWN_LABEL_SCORE, np.full(num_classes, UNKNOWN_LABEL_SCORE), objects
    by_class = np.argsort(ranked.labels, kind="stable")
    ends = np.searchsorted(ranked.labels[by_class], np.arange(num_classes + 1))
    own = np.full(num_classes, common)
    for label in range(num_classes):
        rows = by_class[ends[label] : ends[label + 1]]
        cut = best_cut(ranked.scores[rows], ranked.true_positive[rows], int(objects[label]))
        own[label] = common if cut is None else cut
    return common, own, objects


def _pulled(common: float, own: np.ndarray, objects: np.ndarray, pull: float) -> np.ndarray:
    """Return the scores `(C,)`: n / (n + pull) of a class's own, the rest of the common."""
    share = objects / np.maximum(objects + pull, 1) if np.isfinite(pull) else np.zeros(len(own))
    return common + share * (own - common)


def _best_pull(ranked: _Ranked, photos: np.ndarray, num_classes: int) -> float:
    """Return the pull whose scores have the best F1 in photos that they were not chosen on."""
    everywhere = np.union1d(photos, ranked.photo)
    shuffled = np.random.default_rng(_SEED).permutation(everywhere)
    folds = np.array_split(shuffled, min(_FOLDS, len(everywhere)))
    found, kept = np.zeros(len(PULLS)), np.zeros(len(PULLS))
    for fold in folds:
        chosen_on = ranked.of(np.setdiff1d(everywhere, fold))
        tried_on = ranked.of(fold)
        common, own, objects = _cuts(chosen_on, num_classes)
        for place, pull in enumerate(PULLS):
            scores = _pulled(common, own, objects, pull)
            keeps = tried_on.scores > scores[tried_on.labels]
            kept[place] += np.count_nonzero(keeps)
            found[place] += np.count_nonzero(keeps & tried_on.true_positive)
    f1 = 2 * found / (kept + len(ranked.object_photo))
    return PULLS[int(f1.argmax())]
