"""Photos in which one rung finds objects that the other misses."""

from dataclasses import dataclass

import numpy as np

from pipeline.compare.common_photos import CommonPhotos
from pipeline.evaluate.detections import as_detections, as_truth
from pipeline.evaluate.label_scores import choose_label_scores, keep_labels
from pipeline.evaluate.voc_ap import match_detections

_FOUND = 0.5  # the IoU above which a box has found its object


@dataclass(frozen=True)
class PhotoChange:
    """What A and B find in one photo.

    Attributes:
        image_id: in A.
        file_name: of the photo.
        objects: how many there are to find, without those marked `ignore`.
        only_a, only_b: objects that only this side finds.
        wrong_a, wrong_b: false positives: labels that match no object, or one already matched.
    """

    image_id: int
    file_name: str
    objects: int
    only_a: int
    only_b: int
    wrong_a: int
    wrong_b: int


def all_objects_by_photo(common: CommonPhotos, label_scores: list[np.ndarray]) -> list[PhotoChange]:
    """Return the photos in which one rung's labels find an object that the other's miss.

    Args:
        common: two rungs that predict all objects.
        label_scores: `(C,)` for A and for B, the scores above which detections become labels.
    """
    truth = as_truth(common.truth)
    photos = common.images["image_id"].to_numpy()
    sought = ~truth.ignore
    found, wrong = [], []
    for table, scores in zip(common.found, label_scores, strict=True):
        labels = keep_labels(as_detections(table), scores)
        matches = match_detections(truth, labels, len(common.classes), _FOUND)
        hit = np.zeros(len(truth.photo), bool)
        hit[matches.best[matches.true_positive]] = True
        found.append(hit)
        mistakes = ~matches.true_positive & ~matches.ignored
        wrong.append(_count(labels.photo[mistakes], photos))
    only = [
        _count(truth.photo[sought & mine & ~other], photos) for mine, other in (found, found[::-1])
    ]
    return _changes(common, _count(truth.photo[sought], photos), only, wrong)


def label_scores_of(common: CommonPhotos) -> list[np.ndarray]:
    """Return, for A and B, the scores above which detections become labels.

    They are chosen as in the evaluate stage, so that a result can still be compared if only its
    predictions are left.
    """
    truth, count = as_truth(common.truth), len(common.classes)
    return [choose_label_scores(truth, as_detections(one), count).scores for one in common.found]


def largest_by_photo(
    common: CommonPhotos, a: dict[str, np.ndarray], b: dict[str, np.ndarray]
) -> list[PhotoChange]:
    """Return the photos whose largest object one rung gets right and the other does not.

    Right means the true class if both predict classes, and an IoU above .5 if both predict boxes.

    Args:
        common: two rungs that predict the largest object.
        a: what `judge_largest` returns for A: arrays `(P,)` in the order of `common.truth`.
        b: the same metrics for B.
    """
    right = [_is_right(a), _is_right(b)]
    judged = common.truth["image_id"].to_numpy()
    photos = common.images["image_id"].to_numpy()
    only = [_count(judged[mine & ~other], photos) for mine, other in (right, right[::-1])]
    wrong = [_count(judged[~one], photos) for one in right]
    return _changes(common, _count(judged, photos), only, wrong)


def _is_right(judged: dict[str, np.ndarray]) -> np.ndarray:
    right = np.ones(len(next(iter(judged.values()))), bool)
    if "accuracy" in judged:
        right &= judged["accuracy"] > 0
    if "mean_iou" in judged:
        right &= judged["mean_iou"] > _FOUND
    return right


def _count(photo: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return `(P,)`: how often each of `photos` occurs in `photo`."""
    order = np.argsort(photos)
    places = order[np.searchsorted(photos, photo, sorter=order)]
    return np.bincount(places, minlength=len(photos))


def _changes(
    common: CommonPhotos, objects: np.ndarray, only: list[np.ndarray], wrong: list[np.ndarray]
) -> list[PhotoChange]:
    """Return the photos that differ, those with the largest lead of one rung first."""
    ids = common.images["image_id"].to_pylist()
    names = common.images["file_name"].to_pylist()
    columns = (column.tolist() for column in (objects, *only, *wrong))
    changes = [PhotoChange(*row) for row in zip(ids, names, *columns, strict=True)]
    differing = [one for one in changes if one.only_a or one.only_b]
    return sorted(differing, key=_distance)


def _distance(one: PhotoChange) -> tuple[int, int, int, str]:
    ahead = abs(one.only_b - one.only_a)
    mistakes = abs(one.wrong_b - one.wrong_a)
    return (-ahead, -(one.only_a + one.only_b), -mistakes, one.file_name)
