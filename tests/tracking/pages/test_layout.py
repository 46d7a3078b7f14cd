"""The layout of charts; tests/commands/test_ui.py checks in a browser that MLflow opens it."""

import base64
import json
import zlib

import pytest

from pipeline.tasks import Task
from pipeline.tracking.pages.layout import LAYOUT_TAG, layout_tag


@pytest.fixture
def state() -> dict:
    kind, _, content = layout_tag().partition(";")
    assert kind == "deflate"
    return json.loads(zlib.decompress(base64.b64decode(content)))


def test_it_fits_into_a_tag_of_an_experiment():
    assert len(layout_tag()) < 5000 and layout_tag() == layout_tag()
    assert LAYOUT_TAG == "mlflow.sharedViewState.ladder"


def test_every_chart_is_in_a_section_and_nothing_is_there_twice(state):
    sections = [section["uuid"] for section in state["compareRunSections"]]
    charts = [chart["uuid"] for chart in state["compareRunCharts"]]
    assert len(set(sections)) == len(sections) and len(set(charts)) == len(charts)
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} <= set(sections)


def test_headlines_come_first_and_pictures_without_parameters(state):
    first = state["compareRunSections"][0]
    shown = [
        chart.get("metricKey")
        for chart in state["compareRunCharts"]
        if chart["metricSectionId"] == first["uuid"]
    ]
    assert first["display"] and {f"val/{task.headline}" for task in Task} <= set(shown)
    pictures = [chart for chart in state["compareRunCharts"] if chart["type"] == "IMAGE"]
    assert pictures and not any(chart["showRunParams"] for chart in pictures)
