"""Addresses of MLflow's pages about the ladder's runs."""

from pipeline.tracking.pages.layout import SHARE_KEY

# MLflow's landing page is about other things; this view has the runs, side by side.
_VIEW = "workflowType=machine_learning&compareRunsMode=CHART"


def comparison(server: str, experiment: str) -> str:
    """Return the address of the charts of an experiment's runs, in the ladder's layout.

    >>> comparison("http://127.0.0.1:5000/", "1").partition("?")[0]
    'http://127.0.0.1:5000/#/experiments/1/runs'
    """
    page = f"#/experiments/{experiment}/runs"
    return f"{server.rstrip('/')}/{page}?{_VIEW}&viewStateShareKey={SHARE_KEY}"
