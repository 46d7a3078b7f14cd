"""Renders figures as tables for people."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.topic import Topic

_START, _END = "<!-- figures: made by make bench -->", "<!-- end of figures -->"


def write_report(report: Path, topics: Sequence[tuple[str, Topic]], results: Path) -> None:
    """Put the tables of all topics that have results between the two markers of the report."""
    text = report.read_text()
    head, rest = text.split(_START)
    _, tail = rest.split(_END)
    parts = [
        _section(name, topic, json.loads((results / f"{name}.json").read_text()))
        for name, topic in topics
        if (results / f"{name}.json").exists()
    ]
    report.write_text(head + _START + "\n\n" + "\n\n".join(parts) + "\n\n" + _END + tail)


def _section(name: str, topic: Topic, result: dict[str, Any]) -> str:
    machine = result["machine"]
    lines = [
        f"## {topic.title}",
        "",
        f"`make bench TOPIC={name}`, {result['date']}, {machine['processor']}, "
        f"{machine['cores']} cores, torch {machine['packages']['torch']}. "
        "Median of the runs, spread in brackets.",
        "",
        "| work | case | | time | rate | ours is | goal | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for setting in result["settings"]:
        lines += [_row(setting, case) for case in setting["cases"]]
    return "\n".join(lines + (["", topic.note.strip()] if topic.note else []))


def _row(setting: dict[str, Any], case: dict[str, Any]) -> str:
    ours = next(each for each in setting["cases"] if each["role"] == "ours")
    first_peer = next((each for each in setting["cases"] if each["role"] == "peer"), None)
    low, high = min(case["seconds"]), max(case["seconds"])
    ratio = "" if case is ours else _ratio(case["median"] / ours["median"], case["role"])
    goal = f"≥ {setting['goal']:g} x" if case is first_peer and setting["goal"] else ""
    peak = f"{case['peak_mb']} MB" if case["peak_mb"] else ""
    cells = (
        setting["name"],
        case["name"],
        case["role"],
        f"{_time(case['median'])} ({_time(low)} to {_time(high)})",
        f"{_number(setting['items'] / case['median'])} {setting['unit']}/s",
        ratio,
        goal,
        peak,
    )
    return "| " + " | ".join(cells) + " |"


def _ratio(value: float, role: str) -> str:
    return f"{value:.2f} of it" if role == "limit" else f"**{value:.2f} x** as fast"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.9995 else f"{seconds * 1000:.3g} ms"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
