"""A model card: what the model predicts, how good it is, how it was made and how to use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

from pydantic import JsonValue

from pipeline.errors import counted, listed
from pipeline.evaluate.result_files import MetricInterval
from pipeline.tasks import Task
from pipeline.tracking.run_name import short_key

_ANSWERS = {
    Task.CLASSIFY: "the class of the largest object",
    Task.LOCATE: "the box of the largest object",
    Task.CLASSIFY_AND_LOCATE: "the class and the box of the largest object",
    Task.DETECT: "the class and the box of every object",
}


@dataclass(frozen=True)
class ModelFacts:
    """What a model card says of a model.

    Attributes:
        rung: its name.
        task: what it predicts.
        classes: names in label order.
        intervals: of all metrics and splits.
        epochs: of the whole training.
        minutes: how long it took; None if not recorded.
        processor: what it was trained on.
        changed: parameters that differ from the committed ones.
        commit: of git, or empty.
        experiment: DVC's name of it, or empty.
        machine_labels: what share of the objects a model labelled, or empty.
    """

    rung: str
    task: Task
    classes: Sequence[str]
    intervals: Sequence[MetricInterval] = ()
    epochs: int = 0
    minutes: float | None = None
    processor: str = ""
    changed: Mapping[str, JsonValue] = field(default_factory=dict)
    commit: str = ""
    experiment: str = ""
    machine_labels: str = ""


def model_card(facts: ModelFacts) -> str:
    """Return the model card in Markdown."""
    return "\n\n".join(
        part
        for part in (
            f"**{facts.rung}** finds {_ANSWERS[facts.task]}. {_listed(facts.classes)}.",
            _metrics(facts),
            _training(facts),
            _changes(facts),
            _use(facts),
        )
        if part
    )


def _metrics(facts: ModelFacts) -> str:
    if not facts.intervals:
        return ""
    first = sorted(facts.intervals, key=lambda one: one.metric != facts.task.headline)
    rows = [
        f"| {one.split} | {one.metric} | {_cell(one.value)} | {_cell(one.low, one.high)} |"
        for one in first
    ]
    return "\n".join(["| split | metric | value | 95 % interval |", "|---|---|---|---|", *rows])


def _cell(*numbers: float) -> str:
    return "-" if any(map(isnan, numbers)) else " to ".join(f"{one:.3f}" for one in numbers)


def _training(facts: ModelFacts) -> str:
    took = "" if facts.minutes is None else f" in {facts.minutes:.1f} minutes"
    where = f" on {facts.processor}" if facts.processor else ""
    labels = f" Labelled by a model: {facts.machine_labels}." if facts.machine_labels else ""
    return f"Trained for {counted(facts.epochs, 'epoch')}{took}{where}.{labels}"


def _changes(facts: ModelFacts) -> str:
    if not facts.changed:
        return ""
    lines = [f"- `{short_key(key, facts.rung)}`: {value}" for key, value in facts.changed.items()]
    return "\n".join(["Parameters that differ from the commit:", "", *lines])


def _use(facts: ModelFacts) -> str:
    commands = ['Detector.load("runs:/RUN_ID/model").predict(["a.jpg"])']
    if facts.experiment:
        commands.append(f"dvc exp apply {facts.experiment}")
    elif facts.commit:
        commands.append(f"git checkout {facts.commit[:12]} && dvc checkout")
    return "\n".join(f"    {command}" for command in commands)


def _listed(names: Sequence[str], most: int = 20) -> str:
    return f"{counted(len(names), 'class', 'classes')}: {listed(names, most)}"
