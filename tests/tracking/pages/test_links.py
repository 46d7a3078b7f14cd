"""Addresses of MLflow's pages."""

from pipeline.tracking.pages.links import comparison


def test_the_comparison_is_about_training_and_in_our_layout():
    page, _, asked = comparison("7").partition("?")
    assert page == "/#/experiments/7/runs"
    assert asked.split("&") == [
        "workflowType=machine_learning",
        "compareRunsMode=CHART",
        "viewStateShareKey=ladder",
    ]
