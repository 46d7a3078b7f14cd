"""Tables: what each row says, which object is largest, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.schemas import read_classes
from pipeline.tables.build import build_tables, check_learnable, largest_rows
from tests.data.making import SMALL, labels, pascal

SIDES = ["xmin", "ymin", "xmax", "ymax"]


WITH_OWL = [*SMALL, (1, "owl", (1, 1, 5, 5), 0)]


def test_a_photo_without_objects_is_in_images_alone(tables):
    assert tables.images["image_id"].to_pylist() == [7, 8, 9]
    assert 9 not in tables.objects["image_id"].to_pylist()
    assert 9 not in tables.largest["image_id"].to_pylist()
    assert tables.report["photos_without_objects"] == 1


def test_a_box_of_zero_area_is_reported_and_not_in_the_tables():
    tables = build_tables(labels(pascal([*SMALL, (2, "cat", (5, 5, 0, 9), 0)])))
    assert tables.report["dropped"] == [{"file": "2.jpg", "object_id": 14, "reason": "no area"}]
    assert 14 not in tables.objects["object_id"].to_pylist()
    assert tables.report["photos_without_objects"] == 1


def test_rows_of_objects(tables):
    assert tables.objects["object_id"].to_pylist() == [11, 12, 13, 10]
    assert tables.objects.slice(1, 1).to_pylist() == [
        {
            "object_id": 12,
            "image_id": 7,
            "file_name": "0.jpg",
            "width": 100,
            "height": 50,
            "split": "train",
            "label": 1,
            "name": "dog",
            "xmin": 1.0,
            "ymin": 2.0,
            "xmax": 31.0,
            "ymax": 22.0,
            "area": 600.0,
            "ignore": False,
            "score": None,
        }
    ]


def test_largest_leaves_out_ignored_objects(tables):
    assert tables.largest["object_id"].to_pylist() == [12, 10]
    assert tables.largest["split"].to_pylist() == ["train", "val"]


def test_area_and_largest_are_of_the_clipped_box():
    tables = build_tables(
        labels(pascal([(0, "cat", (90, 0, 500, 500), 0), (0, "dog", (0, 0, 30, 30), 0), SMALL[0]]))
    )
    assert tables.objects["area"].to_pylist() == [500, 900, 100]
    assert tables.largest["name"].to_pylist() == ["dog", "dog"]
    assert tables.report["clipped"] == 1


def test_report_counts(tables):
    report = tables.report
    assert (report["images"], report["objects"], report["ignored"]) == (3, 4, 1)
    assert report["splits"]["train"] == {"images": 2, "objects": 3}
    assert report["splits"]["val"] == {"images": 1, "objects": 1}
    assert report["splits"]["test"] == {"images": 0, "objects": 0}
    assert report["classes"]["dog"] == {"train": 2, "val": 1, "test": 0}
    assert report["classes"]["cat"] == {"train": 1, "val": 0, "test": 0}
    assert (report["clipped"], report["dropped"]) == (0, [])


@pytest.mark.parametrize(
    ("groups", "areas", "ignore", "expected"),
    [
        ([], [], [], []),
        ([0, 0], [1, 2], [True, True], []),
        ([3], [1], [False], [0]),
        ([0, 0, 0], [4, 9, 9], [False] * 3, [1]),
        ([0, 0, 2, 2], [1, 5, 5, 1], [False] * 4, [1, 2]),
        ([0, 0, 2, 2], [1, 5, 5, 1], [False, True, True, False], [0, 3]),
        ([0, 1, 2], [1, 1, 1], [False, True, False], [0, 2]),
    ],
)
def test_largest_rows(groups, areas, ignore, expected):
    rows = largest_rows(np.array(groups, int), np.array(areas, float), np.array(ignore, bool))
    assert rows.tolist() == expected


def test_largest_rows_agree_with_one_photo_at_a_time():
    rng = np.random.default_rng(0)
    groups = np.sort(rng.integers(0, 50, 400))
    areas, ignore = rng.integers(1, 6, 400).astype(float), rng.random(400) < 0.4
    expected = []
    for group in range(50):
        rows = np.flatnonzero((groups == group) & ~ignore)
        expected += [max(rows, key=lambda row: areas[row])] if len(rows) else []  # max: first wins
    assert largest_rows(groups, areas, ignore).tolist() == expected


@pytest.mark.parametrize(
    ("objects", "splits", "problem"),
    [
        ([], ("train",), "no box is left"),
        ([(0, "cat", (5, 5, 0, 0), 0)], ("train",), "no box is left"),
        (SMALL, ("val", "val", "test"), "split train: has no photo"),
        ([(0, "cat", (5, 5, 9, 9), 1)], ("train",), "split train: has no object"),
        (SMALL, ("val", "train", "train"), "class cat: has objects in val or test and none in"),
        (WITH_OWL, ("train", "val", "train"), "class owl: has objects in val or test"),
        (WITH_OWL, ("train", "test", "train"), "class owl: has objects in val or test"),
    ],
)
def test_what_cannot_be_learnt_is_refused(objects, splits, problem):
    source = pascal(objects, splits, ("cat", "dog", "owl"))
    with pytest.raises(InputError, match=rf"annotations\.json: .*{problem}.*; ") as refused:
        check_learnable(build_tables(labels(source)))
    assert "\n" not in str(refused.value)


def test_notes_are_text_whatever_files_are_called():
    source = replace(labels(pascal(SMALL)), notes=("left out: 1 (K\udce4se.jpg)",))
    assert build_tables(source).report["notes"] == [r"left out: 1 (K\udce4se.jpg)"]


@pytest.mark.parametrize(
    ("objects", "notes", "left_out"),
    [
        ([(0, "cat", (5, 5, 0, 9), 0)] * 2, (), "boxes dropped, no area: 2"),
        ([], ("label files lost: 3", "others: 1"), "label files lost: 3; others: 1"),
        ([(0, "cat", (5, 5, 9, 9), 1)], ("label files lost: 3",), "label files lost: 3"),
    ],
)
def test_without_objects_what_was_left_out_is_said(objects, notes, left_out):
    source = replace(labels(pascal(objects, ("train",))), notes=notes)
    with pytest.raises(InputError) as refused:
        check_learnable(build_tables(source))
    assert str(refused.value).endswith(f", or correct what was left out: {left_out}")


def test_an_unused_class_and_one_only_ignored_in_val_are_no_problem():
    objects = [*SMALL, (1, "owl", (1, 1, 5, 5), 1)]
    tables = build_tables(labels(pascal(objects, classes=("cat", "dog", "owl", "fox"))))
    check_learnable(tables)
    assert read_classes(tables.largest) == ["cat", "dog", "owl", "fox"]
    assert tables.report["classes"]["fox"] == {"train": 0, "val": 0, "test": 0}


@pytest.fixture(scope="module")
def voc2007(shared):
    source = json.loads((shared("voc2007") / "pascal_train2007.json").read_text())
    for image in source["images"]:
        image["split"] = "train"
    return build_tables(labels(source))


@pytest.mark.parametrize(
    ("file_name", "lesson"),
    [
        ("000012.jpg", [96, 155, 269, 350]),
        ("000017.jpg", [77, 89, 335, 402]),
        ("000023.jpg", [1, 2, 461, 242]),
        ("000026.jpg", [124, 89, 211, 336]),
    ],
)
def test_golden_rows_of_the_lesson(voc2007, file_name, lesson):
    rows = voc2007.largest.to_pandas().set_index("file_name")
    xmin, ymin, xmax, ymax = rows.loc[file_name, SIDES]
    # The lesson has rows before columns and the last pixel inside.
    assert [ymin, xmin, ymax - 1, xmax - 1] == lesson


def test_voc2007_is_whole(voc2007):
    assert len(voc2007.images) == len(voc2007.largest) == 2501
    assert len(voc2007.objects) == 7844
    assert (voc2007.report["ignored"], voc2007.report["dropped"]) == (1543, [])


def test_all_classes_that_train_lacks_are_counted():
    objects = [*WITH_OWL, (1, "emu", (1, 1, 5, 5), 0), (1, "yak", (1, 1, 5, 5), 0)]
    source = pascal(objects, classes=("cat", "dog", "owl", "emu", "yak"))
    with pytest.raises(InputError, match=r"class owl \(and 2 classes more\): has objects in val"):
        check_learnable(build_tables(labels(source)))
