"""Reads the tasks of a Label Studio export: the photo, and the annotation that counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, counted, one_line
from pipeline.formats.json_files import read_json
from pipeline.photo_files import PHOTO_SUFFIXES

_SKIPPED = "cancelled"
_SEVERAL = "several"
_UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Task:
    """One photo and its regions.

    Attributes:
        place: file and task, for messages.
        address: of the photo.
        split: the value of `data.split`, None if absent.
        regions: of the annotation or prediction that counts.
    """

    place: str
    address: str
    split: str | None
    regions: list[dict]


def read_tasks(file: Path) -> tuple[list[Task], tuple[str, ...]]:
    """Return the labelled tasks, and notes about the others.

    If a task has several annotations, the one completed last counts; cancelled ones never do. If no
    task in the file has an annotation, predictions count.

    Raises:
        InputError: the file is not an export of Label Studio, or a task names no photo.
    """
    items = read_json(file)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{file}: top level: not a list of tasks; export as JSON")
    key = "annotations" if any(_completed(item) is not None for item in items) else "predictions"
    counts: Counter[str] = Counter()
    tasks = []
    for index, item in enumerate(items):
        place = f"{file}: task {item.get('id', index)}"
        done = _completed(item)
        versions = done if key == "annotations" else _dicts(item.get("predictions"))
        if not versions:
            cancelled = done is None and _dicts(item.get("annotations"))
            counts[_SKIPPED if cancelled else _UNLABELLED] += 1
            continue
        counts[_SEVERAL] += len(versions) > 1
        data = item.get("data", item)
        if not isinstance(data, dict):
            raise InputError(f"{place}: data: not an object; export as JSON")
        split = one_line(str(data.get("split") or "")) or None  # half a surrogate pair is not text
        last = max(reversed(versions), key=_completion)
        tasks.append(Task(place, _address(data, place), split, _regions(last)))
    return tasks, tuple(_notes(counts, key))


def _completed(item: dict) -> list[dict] | None:
    """Return the annotations of a task that were not cancelled, None if there are none.

    JSON-MIN has no annotations but lists of values under the names of tags, which count as one.
    """
    if "data" not in item:
        values = [value for column in item.values() for value in _dicts(column)]
        return [{"result": [value | {"value": value} for value in values]}]
    done = [one for one in _dicts(item.get("annotations")) if not one.get("was_cancelled")]
    return done or None


def _dicts(items: object) -> list[dict]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _completion(annotation: dict) -> str:
    """Return when an annotation was completed; empty if unknown."""
    return str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _regions(annotation: dict) -> list[dict]:
    return _dicts(annotation.get("result"))


def _address(data: dict, place: str) -> str:
    """Return the address of the photo: `image`, or the only value with a suffix of photos."""
    image = data.get("image")
    if isinstance(image, str):
        if image.startswith("data:"):
            raise InputError(f"{place}: the photo is in the JSON itself; give an address instead")
        return image
    endings = tuple(PHOTO_SUFFIXES)
    texts = [value for value in data.values() if isinstance(value, str)]
    photos = [text for text in texts if text.lower().partition("&")[0].endswith(endings)]
    if len(photos) != 1:
        raise InputError(f"{place}: data names {len(photos)} photos; give its photo in data.image")
    return photos[0]


def _notes(counts: Counter[str], key: str) -> Sequence[str]:
    notes, has = [], ("task has", "tasks have")
    if key == "predictions":
        notes.append("no task has an annotation, so predictions count")
    if several := counts[_SEVERAL]:
        notes.append(f"{counted(several, *has)} several {key}, of which the last counts")
    if skipped := counts[_SKIPPED]:
        one = "task has cancelled annotations alone and is left out"
        many = "tasks have cancelled annotations alone and are left out"
        notes.append(counted(skipped, one, many))
    if unlabelled := counts[_UNLABELLED]:
        one, many = f"task has no {key} and is left out", f"tasks have no {key} and are left out"
        notes.append(counted(unlabelled, one, many))
    return notes
