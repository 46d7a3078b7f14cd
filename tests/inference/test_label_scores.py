"""The score of each class: from the user, from the evaluate stage, or the default."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.inference.label_scores import (
    GivenScores,
    choose_scores,
    chosen_scores,
    read_label_scores,
    thresholds,
)
from pipeline.params.params import PredictParams

CLASSES = ["cat", "dog"]
NONE = GivenScores.parse([])


def test_a_class_without_a_score_has_the_usual_one() -> None:
    assert thresholds(CLASSES, {"dog": 0.5, "owl": 0.9}).tolist() == pytest.approx([0.3, 0.5])


def test_given_scores() -> None:
    given = GivenScores.parse(["0.5", "a=b=0.25"])
    assert (given.common, given.by_class) == (0.5, {"a=b": 0.25})
    for word in ("1", "-0.1", "cat", "cat=", "nan"):
        with pytest.raises(ValueError):
            GivenScores.parse([word])


@pytest.mark.parametrize(
    ("words", "lowest"),
    [([], 0.05), (["0.5"], 0.05), (["0.5", "cat=0.01"], 0.01), (["0.02", "cat=0.5"], 0.02)],
)
def test_a_given_score_lowers_the_decodings(words: list[str], lowest: float) -> None:
    decoding = PredictParams(min_score=0.05, nms_threshold=0.5, max_detections=100)
    lowered = GivenScores.parse(words).lowered(decoding)
    assert lowered == decoding.model_copy(update={"min_score": lowest})


def test_the_users_scores_go_before_the_chosen_ones(capsys) -> None:
    assert choose_scores({}, CLASSES, NONE, "m") == pytest.approx([0.3, 0.3])
    assert "no label scores by class are known for m;" in capsys.readouterr().err
    known = {"cat": 0.5, "dog": 0.25}
    assert choose_scores(known, CLASSES, NONE, "m").tolist() == [0.5, 0.25]
    given = GivenScores.parse(["dog=0.75"])
    assert choose_scores(known, CLASSES, given, "m").tolist() == [0.5, 0.75]
    assert choose_scores(known, CLASSES, GivenScores.parse(["0.75"]), "m").tolist() == [0.75, 0.75]
    assert capsys.readouterr().err == ""
    with pytest.raises(InputError, match="--score owl: no such class; there are cat, dog"):
        choose_scores(known, CLASSES, GivenScores.parse(["owl=0.5"]), "m")


def test_they_lie_in_evaluation_or_as_in_mlflow_beside_the_model(tmp_path: Path) -> None:
    chosen = tmp_path / "evaluation/ssd_fpn/label_scores.json"
    chosen.parent.mkdir(parents=True)
    chosen.write_text(json.dumps({"cat": 0.5, "dog": 0.25}))
    assert chosen_scores(tmp_path / "models/ssd_fpn") == {"cat": 0.5, "dog": 0.25}
    chosen.rename(tmp_path / "label_scores.json")
    assert chosen_scores(tmp_path / "ssd_fpn") == {"cat": 0.5, "dog": 0.25}


def test_label_scores_are_read(tmp_path: Path) -> None:
    path = tmp_path / "label_scores.json"
    assert read_label_scores(path) == {}
    path.write_text('{"cat": 0.5, "dog": 0}')
    assert read_label_scores(path) == {"cat": 0.5, "dog": 0.0}
    assert np.isfinite(thresholds(CLASSES, read_label_scores(path))).all()


@pytest.mark.parametrize("text", ["{", "[0.5]", '{"cat": "high"}', '{"cat": null}'])
def test_another_file_has_no_label_scores(tmp_path: Path, text: str) -> None:
    path = tmp_path / "label_scores.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"label_scores\.json: not label scores by class"):
        read_label_scores(path)
