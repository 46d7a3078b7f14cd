"""Which photos a person should review first, and why, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.evaluate.confusion import NO_OBJECT, NOT_FOUND
from pipeline.evaluate.result_files import ConfusedPair
from pipeline.formats.labels import Labels
from pipeline.schemas import box_columns

_CROWD_PERCENTILE = 95
_MIN_CROWD = 6  # boxes; fewer are never a crowd
_SIZES = (1, 99)  # percentiles of the sizes in train between which a size is usual
# The weights of the other reasons, next to the doubt about the least certain box, 0..1.
_NOTHING, _CROWDED, _CONFUSED, _UNUSUAL = 0.5, 0.3, 0.3, 0.5


@dataclass(frozen=True)
class Knowledge:
    """What is known from training that helps to find doubtful boxes; all may be empty.

    Attributes:
        label_scores: the score of each class above which a detection is a label, 0..1.
        confused: for each class, the one it is most often confused with in val.
        usual_sizes: for each class, the smallest and largest usual size in train, as the square
            root of the share of the photo's area.
    """

    label_scores: Mapping[str, float]
    confused: Mapping[str, str]
    usual_sizes: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Doubt:
    """A photo by its row in the labels, how doubtful it is and why, the strongest reason first."""

    row: int
    points: float
    reasons: tuple[str, ...]


def by_doubt(labels: Labels, knowledge: Knowledge) -> list[Doubt]:
    """Return all photos, the most doubtful first; equally doubtful ones in their order.

    Args:
        labels: of a model, with known image sizes.
        knowledge: of the model's training.
    """
    of_images = labels.of_each_image()
    counts = [len(objects) for objects in of_images]
    crowd = max(_MIN_CROWD, float(np.percentile(counts or [0], _CROWD_PERCENTILE)))
    areas = labels.images["width"].to_numpy() * labels.images["height"].to_numpy()
    doubts = [
        _doubt(labels, row, objects, crowd, knowledge, float(areas[row]))
        for row, objects in enumerate(of_images)
    ]
    return sorted(doubts, key=lambda doubt: -doubt.points)


def most_confused(pairs: Sequence[ConfusedPair]) -> dict[str, str]:
    """Return, for each predicted class that is wrong in val, what the object most often is."""
    wrong = Counter(
        (pair.predicted, pair.actual)
        for pair in pairs
        if pair.actual not in (pair.predicted, NO_OBJECT) and pair.predicted != NOT_FOUND
    )
    most: dict[str, str] = {}
    for (predicted, actual), _ in wrong.most_common():
        most.setdefault(predicted, actual)
    return most


def usual_sizes(objects: pa.Table) -> dict[str, tuple[float, float]]:
    """Return the `usual_sizes` of `Knowledge` from the table of objects."""
    train = objects.filter(pc.equal(objects["split"].cast(pa.string()), "train"))
    if not len(train):
        return {}
    corners = box_columns(train).astype(float)
    areas = (corners[:, 2:] - corners[:, :2]).prod(1)
    sizes = np.sqrt(areas / (train["width"].to_numpy() * train["height"].to_numpy()))
    names = np.array(train["name"].to_pylist())
    return {
        str(name): (low, high)
        for name in np.unique(names)
        for low, high in [np.percentile(sizes[names == name], _SIZES).tolist()]
    }


def _doubt(
    labels: Labels,
    row: int,
    objects: np.ndarray,
    crowd: float,
    knowledge: Knowledge,
    area: float,
) -> Doubt:
    if not len(objects):
        return Doubt(row, _NOTHING, ("nothing found",))
    names = [labels.classes[label] for label in labels.labels[objects]]
    unsure, why = _least_certain(labels, objects, names, knowledge.label_scores)
    reasons = [(unsure, why)] if why else []
    if len(objects) >= crowd:
        reasons.append((_CROWDED, f"{len(objects)} boxes"))
    for name in dict.fromkeys(names):
        if other := knowledge.confused.get(name):
            reasons.append((_CONFUSED, f"{name}, which val confuses with {other}"))
            break
    if odd := _odd_size(labels, area, objects, names, knowledge.usual_sizes):
        reasons.append((_UNUSUAL, odd))
    reasons.sort(key=lambda reason: -reason[0])
    return Doubt(row, sum(points for points, _ in reasons), tuple(why for _, why in reasons))


def _least_certain(
    labels: Labels,
    objects: np.ndarray,
    names: Sequence[str],
    label_scores: Mapping[str, float],
) -> tuple[float, str]:
    """Return how doubtful the least certain box is, 0..1, and a description."""
    if labels.scores is None:
        return 0.0, ""
    scores = labels.scores[objects].astype(float)
    lowest = np.array([label_scores.get(name, 0.0) for name in names])
    doubts = np.nan_to_num(1 - (scores - lowest) / np.maximum(1 - lowest, 1e-9), nan=0.0)
    worst = int(doubts.argmax())
    doubt = float(np.clip(doubts[worst], 0, 1))
    return doubt, f"unsure: {names[worst]} {scores[worst]:.2f}" if doubt > 0 else ""


def _odd_size(
    labels: Labels,
    area: float,
    objects: np.ndarray,
    names: Sequence[str],
    usual: Mapping[str, tuple[float, float]],
) -> str:
    for name, (_, _, width, height) in zip(names, labels.boxes[objects], strict=True):
        low, high = usual.get(name, (0.0, 1.0))
        size = float(np.sqrt(width * height / area))
        if not low <= size <= high:
            return f"{name} {'smaller' if size < low else 'larger'} than nearly all of train"
    return ""
