"""Label Studio's export: what is found, counted and refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from pipeline.errors import InputError
from pipeline.formats.label_studio.reader import read_label_studio
from pipeline.formats.labels import Labels
from pipeline.formats.layout import find_set
from tests.data.making import files_in
from tests.formats.spoiled import spoiled


def region(name: str = "cat", **more: object) -> dict:
    value = {"x": 10, "y": 20, "width": 50, "height": 50, "rotation": 0, "rectanglelabels": [name]}
    size = {"original_width": 200, "original_height": 100, "image_rotation": 90}
    return size | {"id": "r1", "type": "rectanglelabels", "value": value} | more


def task(image: str, *regions: dict, **data: object) -> dict:
    return {"id": 7, "data": {"image": image} | data, "annotations": [{"result": regions}]}


def read(root: Path, *tasks: object) -> Labels:
    files_in(root, {"export.json": json.dumps(tasks), "a.jpg": "", "cats/b.jpg": ""})
    found = find_set(root)
    assert found.format.name == "label-studio"
    return found.format.read(found)


def test_a_set_by_columns(tmp_path: Path) -> None:
    tasks = [
        task("s3://bucket/cats/b.jpg", region("dog"), split="validation"),
        task("/data/upload/1/0123abcd-a.jpg"),
    ]
    found = read(tmp_path, *tasks)
    assert found.images.to_pylist() == [
        {"id": 1, "file_name": "a.jpg", "width": None, "height": None, "split": None},
        {"id": 2, "file_name": "cats/b.jpg", "width": 200, "height": 100, "split": "val"},
    ]
    assert found.boxes.tolist() == [[20, 20, 100, 50]]
    assert (found.rows.tolist(), found.classes, found.notes) == ([1], ["dog"], ())


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    flat = region(id="r3", type="brushlabels", value={"rle": [1], "brushlabels": ["cat"]})
    unnamed = region(id="r2", value={"x": 1, "y": 2, "width": 3, "height": 4})
    choice = {"type": "choices", "value": {"choices": ["good"]}}
    turned = region(value=region()["value"] | {"rotation": 5})
    found = read(tmp_path, task("a.jpg", flat, unnamed, choice, turned, region()))
    assert len(found.boxes) == 2
    assert found.notes == (
        "1 polygon, ellipse or turned rectangle counts as the box around it",
        "1 region has no area and is left out",
        "1 region has no class and is left out",
    )


def results_of(number: str, *kinds: str) -> list[dict]:
    """Return the results of one rectangle, as exported with tags of these kinds."""
    shape = {"x": 10, "y": 20, "width": 50, "height": 50, "rotation": 0}
    said = {"labels": ["cat"], "taxonomy": [["animal", "cat"]], "number": 3, "rectangle": None}
    values = [shape | ({kind: said[kind]} if said[kind] else {}) for kind in kinds]
    return [
        region(id=number, type=kind, value=value) for kind, value in zip(kinds, values, strict=True)
    ]


@pytest.mark.parametrize(
    "kinds", [("rectangle", "labels"), ("labels", "rectangle"), ("rectangle", "labels", "taxonomy")]
)
def test_a_region_of_several_results_has_one_class(tmp_path: Path, kinds: tuple) -> None:
    found = read(tmp_path, task("a.jpg", *results_of("r1", *kinds)))
    assert (found.boxes.tolist(), found.classes) == ([[20, 20, 100, 50]], ["cat"])
    assert found.notes == ()


def test_a_region_of_several_results_without_a_class_is_one(tmp_path: Path) -> None:
    unnamed = results_of("r2", "rectangle", "taxonomy", "number")
    found = read(tmp_path, task("a.jpg", *results_of("r1", "rectangle", "labels"), *unnamed))
    assert len(found.boxes) == 1
    assert found.notes == ("1 region has no class and is left out",)
    other = task("cats/b.jpg", *results_of("r1", "rectangle")) | {"id": 8}
    found = read(tmp_path, task("a.jpg", *results_of("r1", "rectangle", "labels")), other)
    assert found.notes == ("1 region has no class and is left out",)


def test_ignore_and_scores(tmp_path: Path) -> None:
    found = read(
        tmp_path, task("a.jpg", region(meta={"text": ["ignore"]}), region(score=0.25, meta=None))
    )
    assert found.ignore.tolist() == [True, False]
    np.testing.assert_equal(found.scores, np.array([np.nan, 0.25], np.float32))


def test_json_min(tmp_path: Path) -> None:
    value = region()["value"] | {"original_width": 200, "original_height": 100}
    found = read(tmp_path, {"image": "/data/local-files/?d=a.jpg", "id": 1, "label": [value]})
    assert found.boxes.tolist() == [[20, 20, 100, 50]]


def test_one_of_several_exports_is_named(tmp_path: Path) -> None:
    text = json.dumps([task("a.jpg")])
    files_in(tmp_path, {"a.json": text, "b.json": text, "scores.json": "[1, 2]", "c.json": "[]"})
    with pytest.raises(InputError, match=r"2 exports \(a.json, b.json\); set fetch.labels to one"):
        find_set(tmp_path)
    assert find_set(tmp_path, labels="b.json").labels == tmp_path / "b.json"


@pytest.mark.parametrize(
    "item",
    [
        {"label": "cat", "coordinates": {"x": 50, "y": 40, "width": 20, "height": 20}},  # CreateML
        {"label": "data", "bbox": [1, 1, 20, 20]},
    ],
)
def test_other_lists_of_annotations_are_none(tmp_path: Path, item: dict) -> None:
    export = json.dumps([{"image": "a.jpg", "annotations": [item]}])
    files_in(tmp_path, {"export.json": export, "a.jpg": ""})
    for format_name in ("auto", "label-studio"):
        with pytest.raises(InputError, match=r"no labels that are known"):
            find_set(tmp_path, format_name)


@pytest.mark.parametrize(
    "item",
    [
        {"id": 1, "annotations": [{"id": 2, "result": []}], "data": {"image": "a.jpg"}},
        {"id": 1, "data": {"image": "a.jpg"}, "predictions": []},
        {"image": "a.jpg", "id": 1, "annotation_id": 3},
    ],
)
def test_tasks_are_known_by_their_keys(tmp_path: Path, item: dict) -> None:
    files_in(tmp_path, {"export.json": json.dumps([item], indent=1), "a.jpg": ""})
    assert find_set(tmp_path).format.name == "label-studio"


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task("a.jpg"), task("a.jpg") | {"id": 8}], "task 8: photo 'a.jpg' is that of task 7 too"),
        ([task("../x/../..")], "task 7: photo '../x/../..' names no file; give the name"),
        ([task("a.jpg", region(original_width=0))], "task 7: region r1: original_width, original"),
        ([task("a.jpg", region(score=2))], "task 7: region r1: score 2 is not a number from 0"),
        ([task("a.jpg", region(score=True))], "task 7: region r1: score True is not a number"),
        ([task("a.jpg", region(value=region()["value"] | {"x": None}))], "region r1: None is no"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, tasks: list, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, *tasks)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


WHOLE = [
    task("a.jpg", region(score=0.5, meta={"text": ["ignore"]}), split="val"),
    {"id": 8, "data": {"image": "b.jpg"}, "predictions": [{"result": [region()]}]},
    {"id": 9, "image": "c.jpg", "label": [region()["value"]]},
]


@settings(deadline=None)
@given(tasks=spoiled(WHOLE))
def test_a_spoiled_export_is_read_or_refused(one_folder: Path, tasks: object) -> None:
    file = one_folder / "spoiled.json"
    file.write_text(json.dumps(tasks))
    try:
        found = read_label_studio(file, file.parent)
    except InputError as error:
        assert str(error).startswith(f"{file}: ") and "\n" not in str(error)
    else:
        assert np.isfinite(found.boxes).all() and (found.boxes[:, 2:] >= 0).all()


def test_a_task_of_several_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is on another photo of its task; export tasks of one"):
        read(tmp_path, task("a.jpg", region(), region(item_index=1)))
