"""`python -m benchmarks.label_scores`: do label scores hold on photos they were not chosen on?

Run it in a project whose rung is evaluated. Scores are chosen on one half of the photos of val and
tried on the other, forty times: one score for all classes, each class's own best, and the shrunk
ones that the project uses. Does not need torch.
"""

import argparse

import numpy as np

from pipeline.evaluate.detections import Detections, Truth, as_detections, as_truth, take
from pipeline.evaluate.label_scores import best_cut, choose_label_scores
from pipeline.evaluate.voc_ap import match_detections
from pipeline.files import PREDICTIONS, TABLES
from pipeline.predictions import read_predictions
from pipeline.report.score_curves import score_curves
from pipeline.schemas import SCHEMAS, of_split, read_table

HALVES = 40


def main() -> None:
    """Print the F1 of each kind of scores, and its difference from one score for all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_scores", description=__doc__)
    parser.add_argument("--rung", default="ssd_fpn", help="(ssd_fpn)")
    rung = parser.parse_args().rung
    predictions = read_predictions(PREDICTIONS / f"{rung}.parquet")
    objects = read_table(TABLES / "objects.parquet", SCHEMAS["objects"])
    truth, found = (
        as_truth(of_split(objects, "val")),
        as_detections(of_split(predictions.table, "val")),
    )
    photos = np.unique(np.concatenate([truth.photo, found.photo]))
    rows = []
    for seed in range(HALVES):
        shuffled = np.random.default_rng(seed).permutation(photos)
        halves = np.array_split(shuffled, 2)
        rows.append(tried(truth, found, *halves, num_classes=len(predictions.classes)))
    print("| scores | F1 at IoU .5 | beside one for all |\n|---|--:|--:|")
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        change = values - [row["one for all"] for row in rows]
        print(f"| {name} | {values.mean():.3f} | {change.mean():+.3f} |")


def tried(
    truth: Truth, found: Detections, chosen_on: np.ndarray, tried_on: np.ndarray, num_classes: int
) -> dict[str, float]:
    """Return the F1 on some photos of each kind of scores, chosen on others."""
    known = in_photos(truth, found, chosen_on)
    chosen = choose_label_scores(*known, num_classes)
    kinds = {
        "one for all": np.full(num_classes, chosen.common),
        "of each class": own_scores(*known, num_classes, chosen.common),
        "shrunk, as taken": chosen.scores,
    }
    others = in_photos(truth, found, tried_on)
    return {name: f1(*others, scores) for name, scores in kinds.items()}


def in_photos(truth: Truth, found: Detections, photos: np.ndarray) -> tuple[Truth, Detections]:
    """Return the objects and detections of these photos."""
    return take(truth, np.isin(truth.photo, photos)), take(found, np.isin(found.photo, photos))


def own_scores(truth: Truth, found: Detections, num_classes: int, unknown: float) -> np.ndarray:
    """Return the score with the best F1 of each class `(C,)`."""
    matches = match_detections(truth, found, num_classes)
    order = np.argsort(-found.scores, kind="stable")
    order = order[~matches.ignored[order]]
    scores = np.full(num_classes, unknown)
    for label in range(num_classes):
        rows = order[found.labels[order] == label]
        objects = int(np.count_nonzero((truth.labels == label) & ~truth.ignore))
        cut = best_cut(found.scores[rows], matches.true_positive[rows], objects)
        scores[label] = unknown if cut is None else cut
    return scores


def f1(truth: Truth, found: Detections, scores: np.ndarray) -> float:
    """Return the F1 of the labels that these scores give."""
    of_all, *_ = score_curves(truth, found, scores, scores=np.empty(0))
    return float(np.nan_to_num(of_all.as_labels.f1[0]))  # 0 where there is nothing to find


if __name__ == "__main__":
    main()
