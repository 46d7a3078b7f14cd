"""Which annotation of a task counts."""

import json
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.label_studio.tasks import Task, read_tasks


def read(folder: Path, tasks: object) -> tuple[list[Task], tuple[str, ...]]:
    (folder / "tasks.json").write_text(json.dumps(tasks))
    return read_tasks(folder / "tasks.json")


def version(name: str, time: str | None = None, cancelled: bool = False) -> dict:
    return {"result": [{"id": name}], "updated_at": time, "was_cancelled": cancelled}


def task(*annotations: dict, predictions: tuple = (), **data: object) -> dict:
    return {
        "id": 7,
        "data": {"image": "a.jpg"} | data,
        "annotations": annotations,
        "predictions": predictions,
    }


def test_an_annotation_without_regions_is_a_photo_without_objects(tmp_path: Path) -> None:
    tasks, notes = read(tmp_path, [task({"result": []}, split="val")])
    assert tasks == [Task(f"{tmp_path / 'tasks.json'}: task 7", "a.jpg", "val", [])]
    assert notes == ()


@pytest.mark.parametrize("split", [None, {}, [], 0, False, ""])
def test_what_is_no_name_of_a_split_is_none(tmp_path: Path, split: object) -> None:
    (found,), _ = read(tmp_path, [task({"result": []}, split=split)])
    assert found.split is None
    (found,), _ = read(tmp_path, [task({"result": []}, split="\ud800")])
    assert found.split == r"\ud800"


@pytest.mark.parametrize(
    "annotations",
    [
        (version("new", "2024-02-01T00:00:00Z"), version("old", "2023-12-01T00:00:00Z")),
        (version("new", "2023-01-01T00:00:00Z"), version("no", "2024-01-01T00:00:00Z", True)),
        (version("old"), version("new")),
    ],
)
def test_the_last_that_was_completed_counts(tmp_path: Path, annotations: tuple) -> None:
    (found,), notes = read(tmp_path, [task(*annotations)])
    assert found.regions == [{"id": "new"}]
    several = "1 task has several annotations, of which the last counts"
    assert notes == (() if any(one["was_cancelled"] for one in annotations) else (several,))


def test_predictions_count_where_nobody_has_annotated(tmp_path: Path) -> None:
    predicted = task(predictions=(version("model"),))
    (found,), notes = read(tmp_path, [predicted])
    assert found.regions == [{"id": "model"}]
    assert notes == ("no task has an annotation, so predictions count",)
    tasks, notes = read(
        tmp_path, [predicted, task(version("human")), task(version("no", None, True))]
    )
    assert [one.regions for one in tasks] == [[{"id": "human"}]]
    assert notes == (
        "1 task has cancelled annotations alone and is left out",
        "1 task has no annotations and is left out",
    )


def test_json_min(tmp_path: Path) -> None:
    value = {"x": 1, "rectanglelabels": ["cat"], "original_width": 9}
    item = {"image": "a.jpg", "id": 3, "label": [value], "annotator": 1, "lead_time": 2.5}
    (found,), _ = read(tmp_path, [item])
    assert found.regions == [value | {"value": value}]
    assert (found.address, found.place[-6:]) == ("a.jpg", "task 3")


def test_the_photo_under_another_key(tmp_path: Path) -> None:
    item = task(version("one"))
    item["data"] = {"text": "a cat", "scan": "s3://bucket/a.PNG"}
    assert read(tmp_path, [item])[0][0].address == "s3://bucket/a.PNG"


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ({}, "top level: not a list of tasks; export as JSON"),
        ([1], "top level: not a list of tasks"),
        ([{"id": 7, "data": [], "annotations": [{}]}], "task 7: data: not an object"),
        ([task(version("one"), image=None)], "task 7: data names 0 photos; give its photo in data"),
        ([task(version("one"), image=None, a="a.jpg", b="b.jpg")], "task 7: data names 2 photos"),
        ([task(version("one"), image="data:image/png;base64,AA")], "task 7: the photo is in the"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, tasks: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, tasks)
    assert message in str(caught.value)
