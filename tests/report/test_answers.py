"""A rung's predictions, with the scores above which they become labels."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.predictions import PREDICTIONS_SCHEMA, Predictions, read_predictions
from pipeline.report.answers import Answers, read_answers
from pipeline.tasks import Task
from stages import evaluate
from tests.stages.answers import answer
from tests.stages.small_project import run_main


def test_label_scores_are_in_the_order_of_the_classes(painted_project):
    answer("ssd_fpn")
    run_main(evaluate, "ssd_fpn")
    folder = Path("evaluation/ssd_fpn")
    scores = json.loads((folder / "label_scores.json").read_text())
    (folder / "label_scores.json").write_text(json.dumps(dict(reversed(scores.items()))))
    answers = read_answers("ssd_fpn", read_predictions(Path("predictions/ssd_fpn.parquet")), folder)
    assert answers.label_scores is not None
    assert np.array_equal(answers.label_scores, list(scores.values()))


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (None, ""),
        ([0.4, 0.401], "drawn: boxes that become labels, with scores above 0.40"),
        ([0.4, 0.2], "drawn: boxes that become labels, with scores above 0.20 to 0.40, by class"),
    ],
)
def test_above_which_scores_predictions_are_drawn(scores, words):
    limits = None if scores is None else np.array(scores)
    predictions = Predictions(PREDICTIONS_SCHEMA.empty_table(), Task.DETECT, ["a", "b"])
    assert Answers("ssd_fpn", predictions, Path("evaluation"), limits).note == words
