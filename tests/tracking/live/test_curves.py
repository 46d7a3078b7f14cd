"""Epochs as metrics."""

from pipeline.tracking.live.curves import curve_metrics


def test_numbers_of_all_depths_at_the_step_of_the_epoch():
    row = {"epoch": 3, "phase": "late", "lr": 0.5, "on": True, "val": {"loss": 2.0, "a@b": 1}}
    metrics = curve_metrics(row)
    assert {metric.step for metric in metrics} == {3}
    assert {metric.key: metric.value for metric in metrics} == {
        "while_training/lr": 0.5,
        "while_training/val/loss": 2.0,
        "while_training/val/a_b": 1,
    }
