"""What the stages record about their results, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import JsonValue

from pipeline.errors import InputError
from pipeline.files import MODELS, TABLES, TRAINING
from pipeline.tasks import Task


@dataclass(frozen=True)
class Training:
    """What the train stage recorded about a training; defaults if it recorded nothing.

    Attributes:
        seconds: how long it took.
        device: of torch.
        processor: of the machine.
        digest: of everything that went into it, by which its live run is found.
    """

    seconds: float | None = None
    device: str = ""
    processor: str = ""
    digest: str = ""


def read_training(rung: str) -> Training:
    """Return the record of a rung's training; also if its model was pulled from elsewhere."""
    path = TRAINING / f"{rung}.json"
    noted = read_json(path) if path.is_file() else {}
    seconds = noted.get("seconds")
    return Training(
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
        device=str(noted.get("device") or ""),
        processor=str(noted.get("processor") or ""),
        digest=str(noted.get("digest") or ""),
    )


def read_task(rung: str) -> tuple[Task, list[str]]:
    """Return what a rung's model predicts, and its classes in label order.

    Raises:
        InputError: the model's description is damaged.
    """
    path = MODELS / rung / "model.json"
    described = read_json(path)
    classes = described.get("classes")
    try:
        task = Task(described.get("task"))
    except ValueError:
        raise InputError(f"{path}: task: not a task of any rung; train the rung again") from None
    return task, [str(name) for name in classes] if isinstance(classes, list) else []


def read_machine_labels(params: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return which models labelled objects, and what share of all objects that is."""
    sources = params.get("fetch.sources")
    path = TABLES / "report.json"
    if not isinstance(sources, list) or not path.is_file():
        return {}
    teachers = {str(one.get("teacher") or "") for one in sources if isinstance(one, dict)} - {""}
    report = read_json(path)
    objects, by_model = report.get("objects"), report.get("labelled_by_a_model")
    if not isinstance(objects, int) or not isinstance(by_model, int) or not by_model:
        return {}
    share = f"{by_model} of {objects} objects ({by_model / objects:.0%})"
    return {"teacher": ", ".join(sorted(teachers)), "machine_labels": share}


def read_json(path: Path) -> dict[str, JsonValue]:
    """Return the object in a file.

    Raises:
        InputError: it is not JSON, or not an object.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a JSON object; remove it and run `dvc repro`")
    return content
