"""The score of each class above which a detection becomes a label."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import orjson

from pipeline.errors import InputError
from pipeline.files import EVALUATION, LABEL_SCORES
from pipeline.params.params import PredictParams
from pipeline.predictions import UNKNOWN_LABEL_SCORE


@dataclass(frozen=True)
class GivenScores:
    """The scores that a user has given: one for all classes, or some by name."""

    common: float | None
    by_class: dict[str, float]

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        """Return the scores of `SCORE` and `CLASS=SCORE`; the last of each counts.

        >>> GivenScores.parse(["0.4", "person=0.3"])
        GivenScores(common=0.4, by_class={'person': 0.3})

        Raises:
            ValueError: one is not a number from 0 to below 1.
        """
        common, by_class = None, {}
        for word in words:
            name, equals, value = word.rpartition("=")
            score = float(value)
            if not 0 <= score < 1:
                raise ValueError(word)
            if equals:
                by_class[name] = score
            else:
                common = score
        return cls(common, by_class)

    def lowered(self, decoding: PredictParams) -> PredictParams:
        """Return the decoding with its `min_score` lowered to the lowest given score, if lower."""
        given = [*self.by_class.values(), *([] if self.common is None else [self.common])]
        return decoding.model_copy(update={"min_score": min([decoding.min_score, *given])})


def choose_scores(
    known: Mapping[str, float], classes: Sequence[str], given: GivenScores, name: str
) -> np.ndarray:
    """Return the score `(C,)` of each class: the user's, or else the one that `evaluate` chose.

    Args:
        known: what `evaluate` chose, by class.
        classes: names in label order.
        given: by the user.
        name: of the model, for a warning where no scores are known.

    Raises:
        InputError: the user names a class that the model does not have.
    """
    if unknown := [one for one in given.by_class if one not in classes]:
        raise InputError(f"--score {unknown[0]}: no such class; there are {', '.join(classes)}")
    common = known if given.common is None else dict.fromkeys(classes, given.common)
    chosen = {**common, **given.by_class}
    if any(one not in chosen for one in classes):
        print(
            f"warning: no label scores by class are known for {name}; labelling what scores "
            f"above {UNKNOWN_LABEL_SCORE} (--score changes this)",
            file=sys.stderr,
        )
    return thresholds(classes, chosen)


def chosen_scores(model: Path) -> dict[str, float]:
    """Return, by class, the score that `evaluate` chose for the model in a folder.

    It is in evaluation/RUNG for models/RUNG, or next to the model's folder, as in MLflow.
    """
    ours = model.parent.parent / EVALUATION / model.name / LABEL_SCORES
    return read_label_scores(ours) or read_label_scores(model.parent / LABEL_SCORES)


def read_label_scores(path: Path) -> dict[str, float]:
    """Return, by class, the score above which a detection becomes a label.

    The evaluate stage chooses them on val. They are empty if the file is missing.

    Raises:
        InputError: the file has other content.
    """
    try:
        scores = {str(k): float(v) for k, v in orjson.loads(path.read_bytes()).items()}
        if not all(0 <= score <= 1 for score in scores.values()):
            raise ValueError("a score is not between 0 and 1")
        return scores
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: not label scores by class ({error}); run the evaluate stage again"
        ) from None


def thresholds(classes: Sequence[str], label_scores: Mapping[str, float]) -> np.ndarray:
    """Return the score `(C,)` above which a detection of each class becomes a label."""
    scores = [label_scores.get(name, UNKNOWN_LABEL_SCORE) for name in classes]
    return np.array(scores, np.float32)
