"""Addresses of MLflow's pages about the ladder's runs."""

from pipeline.tracking.pages.layout import SHARE_KEY

START = "/ladder"  # our own page among MLflow's
OPENS = "LADDER_UI_OPENS"  # environment variable: the page that the start page leads to
# MLflow's landing page is about other things; this view shows the runs side by side.
_VIEW = "workflowType=machine_learning&compareRunsMode=CHART"


def comparison(experiment: str) -> str:
    """Return the address, on a server, of an experiment's charts in the ladder's layout.

    >>> comparison("1").partition("?")[0]
    '/#/experiments/1/runs'
    """
    return f"/#/experiments/{experiment}/runs?{_VIEW}&viewStateShareKey={SHARE_KEY}"
