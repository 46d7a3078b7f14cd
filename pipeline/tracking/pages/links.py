"""Addresses of MLflow's pages about the ladder's runs."""

from pipeline.tracking.pages.layout import SHARE_KEY

START = "/ladder"  # the page of ours among MLflow's
OPENS = "LADDER_UI_OPENS"  # the environment variable with the page that the start leads to
# MLflow's landing page is about other things; this view has the runs, side by side.
_VIEW = "workflowType=machine_learning&compareRunsMode=CHART"


def comparison(experiment: str) -> str:
    """Return where the charts of an experiment's runs are on a server, in the ladder's layout.

    >>> comparison("1").partition("?")[0]
    '/#/experiments/1/runs'
    """
    return f"/#/experiments/{experiment}/runs?{_VIEW}&viewStateShareKey={SHARE_KEY}"
