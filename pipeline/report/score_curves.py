"""Precision, recall and F1 of labels over the score threshold for detections."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.voc_ap import match_detections
from pipeline.report.figures import class_color, figure_of, save_png

_LINE, _MARK = "#1f5fa8", "#c4161c"
_LINES = 10  # of classes; more are indistinguishable
_DARKER = 0.75  # class colours are made for black text on them, not for lines on white
_COLUMNS = 6  # of the legend
_KEYS = ("precision", "recall", "f1")
SCORES = np.linspace(0, 1, 201)


@dataclass(frozen=True)
class Quality:
    """How good detections are as labels, at IoU .5, at each of S thresholds.

    Attributes:
        precision: `(S,)` share of them that are right; NaN if there are none.
        recall: `(S,)` share of the objects that they find; NaN without objects.
        f1: `(S,)` harmonic mean of the two; NaN without objects.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray


@dataclass(frozen=True)
class ScoreCurve:
    """How good labels are over the score, for one class or for all together.

    Attributes:
        over_score: with each of S scores as the threshold.
        as_labels: with the label score of each class as the threshold; S is 1.
    """

    over_score: Quality
    as_labels: Quality


def score_curves(
    truth: Truth, detections: Detections, label_scores: np.ndarray, scores: np.ndarray = SCORES
) -> list[ScoreCurve]:
    """Return the curve for all classes together, then one for each, in label order.

    Args:
        truth: the labelled objects of a split.
        detections: of its photos, down to very low scores.
        label_scores: `(C,)` by class.
        scores: `(S,)` thresholds; as with labels, a detection counts if its score is higher.
    """
    matches = match_detections(truth, detections, len(label_scores))
    limits = label_scores.astype(detections.scores.dtype)[detections.labels]
    used = detections.scores > limits
    curves = []
    for label in (None, *range(len(label_scores))):
        counts, wanted = ~matches.ignored, ~truth.ignore
        if label is not None:
            counts &= detections.labels == label
            wanted &= truth.labels == label
        right, objects = counts & matches.true_positive, int(np.count_nonzero(wanted))
        kept, found = (_above(detections.scores[rows], scores) for rows in (counts, right))
        labels, hits = (np.count_nonzero(rows & used, keepdims=True) for rows in (counts, right))
        curves.append(ScoreCurve(_quality(kept, found, objects), _quality(labels, hits, objects)))
    return curves


def _above(found: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return `(S,)`: how many of `found` are higher than each of `scores`."""
    # Compared in the dtype of `found`, as for labels.
    return len(found) - np.searchsorted(np.sort(found), scores.astype(found.dtype), side="right")


def _quality(kept: np.ndarray, right: np.ndarray, objects: int) -> Quality:
    with np.errstate(invalid="ignore"):  # nothing kept, or no objects
        recall = right / np.full(len(right), objects)
        return Quality(right / kept, recall, 2 * right / np.where(objects, kept + objects, 0))


def draw_score_curves(
    path: Path,
    curves: Sequence[ScoreCurve],
    label_scores: np.ndarray,
    names: Sequence[str],
    title: str = "",
) -> None:
    """Write a PNG of three plots: precision, recall and F1 over the score.

    A thick line is all classes together. Each of up to ten classes is a thin line with a dot at its
    label score; more classes have no lines. The range of the label scores is marked.

    Args:
        path: the PNG.
        curves: from `score_curves`.
        label_scores: `(C,)` by class.
        names: of the classes as shown in the picture.
        title: one line above all plots.
    """
    figure = figure_of(13.2, 4.4)
    figure.set_layout_engine("constrained")
    figure.suptitle(title, size=13, parse_math=False)
    plots = figure.subplots(1, 3)
    pooled, *classes = curves
    for axes, key, name in zip(plots, _KEYS, ("precision", "recall", "F1"), strict=True):
        axes.set(xlim=(0, 1), ylim=(0, 1.03), xlabel="score", yticks=np.linspace(0, 1, 6))
        axes.grid(color="0.92")
        axes.set_axisbelow(True)
        _mark_label_scores(axes, label_scores)
        if len(classes) <= _LINES:
            for label, curve in enumerate(classes):
                _class_line(axes, curve, key, label, label_scores[label], names[label])
        line = getattr(pooled.over_score, key)
        axes.plot(SCORES, line, color=_LINE, linewidth=2.6, label="all classes together")
        value = getattr(pooled.as_labels, key)[0]
        axes.set_title(name, size=11, loc="left")
        words = "none" if np.isnan(value) else f"{value:.3f}"
        axes.set_title(f"of labels: {words}", size=10, loc="right", color=_MARK)
    _write_legend(figure, plots[0])
    save_png(figure, path)


def _mark_label_scores(axes: Axes, label_scores: np.ndarray) -> None:
    """Mark the label score, or the range of them if they differ by class."""
    low, high = float(label_scores.min()), float(label_scores.max())
    several = high - low >= 0.005
    words = f"label scores, {low:.2f} to {high:.2f}" if several else f"label score, {low:.2f}"
    axes.axvspan(low, high, color=_MARK, alpha=0.1, linewidth=0)
    axes.axvline(low, color=_MARK, linewidth=1.2, linestyle=":", label=words)
    if several:
        axes.axvline(high, color=_MARK, linewidth=1.2, linestyle=":")


def _class_line(
    axes: Axes, curve: ScoreCurve, key: str, label: int, label_score: float, name: str
) -> None:
    """Draw a thin line for one class, with a dot at its label score."""
    red, green, blue = (_DARKER * part for part in class_color(label))
    line, dot = getattr(curve.over_score, key), getattr(curve.as_labels, key)[0]
    axes.plot(SCORES, line, color=(red, green, blue), linewidth=1.1, label=name)
    axes.plot(label_score, dot, color=(red, green, blue), marker="o", markersize=4.5)


def _write_legend(figure: Figure, axes: Axes) -> None:
    """Write one legend below all plots, from the lines of one of them."""
    lines, names = axes.get_legend_handles_labels()
    legend = figure.legend(
        lines,
        names,
        loc="outside lower center",
        ncols=min(len(lines), _COLUMNS),
        frameon=False,
        fontsize=9,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
