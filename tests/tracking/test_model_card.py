"""The model card."""

from math import nan

from pipeline.evaluate.result_files import MetricInterval
from pipeline.tasks import Task
from pipeline.tracking.model_card import ModelFacts, model_card


def test_a_whole_card():
    facts = ModelFacts(
        rung="combined",
        task=Task.CLASSIFY_AND_LOCATE,
        classes=["cat", "dog"],
        intervals=[
            MetricInterval("val", "accuracy", 0.95, 0.9, 0.98, ""),
            MetricInterval("val", "l1_px", 8.5, 7.25, 9.75, ""),
        ],
        epochs=12,
        minutes=3.25,
        processor="a fast one",
        changed={"train.combined.late.lr": 0.1},
        commit="0123456789abcdef",
        machine_labels="50 of 200 objects (25%)",
    )
    assert (
        model_card(facts)
        == """\
**combined** finds the class and the box of the largest object. 2 classes: cat, dog.

| split | metric | value | 95 % interval |
|---|---|---|---|
| val | l1_px | 8.500 | 7.250 to 9.750 |
| val | accuracy | 0.950 | 0.900 to 0.980 |

Trained for 12 epochs in 3.2 minutes on a fast one. Labelled by a model: 50 of 200 objects (25%).

Parameters that differ from the commit:

- `late.lr`: 0.1

    Detector.load("runs:/RUN_ID/model").predict(["a.jpg"])
    git checkout 0123456789ab && dvc checkout"""
    )


def test_a_metric_without_an_interval_and_one_that_was_not_measured():
    intervals = [
        MetricInterval("val", "voc_map_50", 0.5, nan, nan, ""),
        MetricInterval("test", "voc_map_50", nan, nan, nan, ""),
    ]
    card = model_card(ModelFacts("ssd_fpn", Task.DETECT, ["cat"], intervals))
    assert "| val | voc_map_50 | 0.500 | - |" in card
    assert "| test | voc_map_50 | - | - |" in card


def test_little_is_known():
    card = model_card(
        ModelFacts("ssd_fpn", Task.DETECT, [f"c{n}" for n in range(22)], experiment="x")
    )
    assert "22 classes: c0, c1," in card and "c19 and 2 more" in card
    assert "Trained for 0 epochs." in card and "| val" not in card
    assert card.endswith("    dvc exp apply x")
