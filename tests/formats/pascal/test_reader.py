"""Pascal JSON gives the same labels in blocks and by the plain parser; errors are named."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.formats.pascal import reader
from pipeline.formats.pascal.checks import check_pascal
from pipeline.formats.pascal.json_lists import UnusualError
from pipeline.formats.pascal.reader import PASCAL, labels_of, read_pascal
from tests.data.making import SMALL, pascal
from tests.formats.pascal.test_checks import WRONG
from tests.formats.pascal.test_checks import pascal as two_photos

ARRAYS = ("ids", "rows", "labels", "boxes", "ignore")


def assert_same(found: Labels, expected: Labels) -> None:
    assert found.images.equals(expected.images)
    assert found.classes == expected.classes
    assert (found.file, found.photos) == (expected.file, expected.photos)
    for name in ARRAYS:
        assert getattr(found, name).dtype == getattr(expected, name).dtype, name
        assert_array_equal(getattr(found, name), getattr(expected, name))


def never(*_: object) -> None:
    raise AssertionError("the plain parser was called")


def written(folder: Path, source: object, **form: object) -> Path:
    path = folder / "labels.json"
    path.write_text(source if isinstance(source, str) else json.dumps(source, **form))
    return path


def read(path: Path) -> Labels:
    return read_pascal(path, path.parent)


def expected_of(source: dict, path: Path) -> Labels:
    return labels_of(check_pascal(source, path), path, path.parent)


def test_columns_by_hand(tmp_path: Path) -> None:
    found = read(written(tmp_path, pascal(SMALL)))
    assert found.images["file_name"].to_pylist() == ["0.jpg", "1.jpg", "2.jpg"]
    assert found.classes == ["cat", "dog"]
    assert found.ids.tolist() == [10, 11, 12, 13]
    assert found.rows.tolist() == [1, 0, 0, 0]
    assert found.labels.tolist() == [1, 0, 1, 1]
    assert found.boxes.tolist()[2] == [1, 2, 30, 20]
    assert found.ignore.tolist() == [False, False, False, True]


def test_no_annotations(tmp_path: Path) -> None:
    found = read(written(tmp_path, pascal([])))
    assert found.boxes.shape == (0, 4)
    assert len(found.images) == 3


@pytest.mark.parametrize("objects", [SMALL, SMALL[:1], []])
@pytest.mark.parametrize("form", [{}, {"indent": 1}, {"separators": (",", ":")}])
def test_both_ways_read_the_same(tmp_path, monkeypatch, objects, form) -> None:
    source = pascal(objects)
    path = written(tmp_path, source, **form)
    expected = expected_of(source, path)
    monkeypatch.setattr(reader, "check_pascal", never)
    assert_same(read(path), expected)


@pytest.mark.parametrize(
    "change",
    [
        {"segmentation": {"counts": [1], "size": [2, 2]}},
        {"note": "}, {"},
        {"ignore": True},
    ],
)
def test_unusual_files_take_the_plain_parser(tmp_path, monkeypatch, change) -> None:
    source = pascal(SMALL)
    source["annotations"][1] |= change
    path = written(tmp_path, source)
    assert_same(read(path), expected_of(source, path))
    monkeypatch.setattr(reader, "check_pascal", never)
    with pytest.raises(AssertionError, match="plain parser"):
        read(path)


@pytest.mark.parametrize("form", [{}, {"separators": (",", ":")}, {"sort_keys": True}])
@pytest.mark.parametrize("where", [0, 1, 3])
def test_of_a_box_that_cvat_has_turned_the_one_around_it_is_taken(tmp_path, form, where) -> None:
    source = pascal(SMALL)
    cvat = {"attributes": {"occluded": False, "rotation": 90.0}, "segmentation": []}
    source["annotations"][where] |= cvat | {"bbox": [10, 10, 20, 10]}
    found = read(written(tmp_path, source, **form))
    np.testing.assert_allclose(found.boxes[where], [15, 5, 10, 20])
    others = [item["bbox"] for item in source["annotations"] if "attributes" not in item]
    assert np.delete(found.boxes, where, 0).tolist() == others
    assert found.notes == ("turned boxes, read as the boxes around them: 1",)


@pytest.mark.parametrize(
    "change",
    [
        {"attributes": {"rotation": 0.0}},
        {"attributes": {"rotation": "left"}},
        {"attributes": "rotation"},
        {"attributes": {"rotation": 90}, "segmentation": [[10, 10, 30, 10, 30, 20]]},
    ],
)
def test_a_box_that_is_upright_stays(tmp_path, change) -> None:
    source = pascal(SMALL)
    source["annotations"][1] |= change | {"bbox": [10, 10, 20, 10]}
    found = read(written(tmp_path, source))
    assert (found.boxes[1].tolist(), found.notes) == ([10, 10, 20, 10], ())


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_what_is_wrong_is_named_whichever_way_it_is_read(
    tmp_path: Path, data: object, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(written(tmp_path, data))
    assert message in str(caught.value)


def test_a_crowd_counts_as_ignored(tmp_path: Path) -> None:
    source = pascal(SMALL)
    source["annotations"][0]["iscrowd"] = 1
    found = read(written(tmp_path, source))
    assert_array_equal(found.ignore, np.array([True, False, False, True]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "line 1 column 1: not JSON"),
        (b'{"images": [],\n  "x": oops}', "line 2 column 8: not JSON"),
        (b"\xff\xfe\xfa", "not text in UTF-8; save it as UTF-8"),
        (b"[" * 200_000, "nested too deeply; export it again"),
    ],
)
def test_what_is_not_json_is_told_with_its_place(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "labels.json").write_bytes(text)
    with pytest.raises(InputError, match=r"labels.json: ") as caught:
        read(tmp_path / "labels.json")
    assert message in str(caught.value)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"labels.json: cannot be read"):
        read(tmp_path / "labels.json")


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1" + "0" * 400])
def test_numbers_that_strict_json_lacks_are_named_with_their_annotation(
    tmp_path: Path, number: str
) -> None:
    text = json.dumps(two_photos()).replace("[1, 2, 3, 4]", f"[1, 2, {number}, 4]")
    with pytest.raises(InputError, match=r"annotations\[0\] \(id 7\): .* NaN or infinite"):
        read(written(tmp_path, text))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps(two_photos()), encoding="utf-8-sig")
    assert len(read(tmp_path / "labels.json").images) == 2


def test_the_lessons_own_file_is_read_in_blocks(shared, monkeypatch) -> None:
    monkeypatch.setattr(reader, "check_pascal", never)
    found = read(shared("voc2007") / "pascal_train2007.json")
    assert (len(found.images), len(found.ids), int(found.ignore.sum())) == (2501, 7844, 1543)


def test_unusual_is_no_input_error() -> None:
    assert not issubclass(UnusualError, InputError)


def test_names_of_classes_lose_the_spaces_around_them(tmp_path: Path) -> None:
    source = pascal(SMALL)
    source["categories"][0]["name"] = " cat "
    assert read(written(tmp_path, source)).classes == ["cat", "dog"]
    source["annotations"][0]["note"] = "}, {"  # the plain parser
    assert read(written(tmp_path, source)).classes == ["cat", "dog"]


def test_a_control_character_in_the_name_of_a_class_is_refused(tmp_path: Path) -> None:
    source = pascal(SMALL)
    source["categories"][0]["name"] = "a\x01b"
    with pytest.raises(InputError, match=r"name 'a\\x01b' holds a control character"):
        read(written(tmp_path, source))


def test_a_negative_size_is_turned_round_and_noted(tmp_path: Path) -> None:
    labels = read(written(tmp_path, pascal([(0, "cat", (20, 30, -15, -25), 0)])))
    assert labels.boxes.tolist() == [[5, 5, 15, 25]]
    assert labels.notes == ("boxes with corners in reversed order, read the right way round: 1",)


@pytest.mark.parametrize("note", ["", "}, {"])
def test_roboflows_root_is_no_class(tmp_path: Path, note: str) -> None:
    source = two_photos()
    source["categories"] = [
        {"id": 0, "name": "cat", "supercategory": "none"},
        *[item | {"supercategory": "cat"} for item in source["categories"]],
    ]
    source["annotations"][0]["note"] = note
    labels = read(written(tmp_path, source))
    assert (labels.classes, labels.labels.tolist()) == (["cat", "dog"], [0, 1])
    assert labels.notes == (
        "category 'cat' (id 0) is Roboflow's name for the project, not a class",
    )
    source["categories"][0]["name"] = "pets"
    for item in source["categories"][1:]:
        item["supercategory"] = "pets"
    source["annotations"][0]["category_id"] = 0
    labels = read(written(tmp_path, source))
    assert (labels.classes, labels.labels.tolist()) == (["pets", "cat", "dog"], [0, 2])


def read_set(folder: Path) -> Labels:
    found = PASCAL.find(folder, None)
    assert found is not None
    return PASCAL.read(found)


def file_of(names: list[str], classes: tuple[str, ...] = ("cat",)) -> str:
    """Return a JSON of these photos, ids from 1; the first has an object of the last class."""
    return json.dumps(
        {
            "images": [{"id": k, "file_name": name} for k, name in enumerate(names, 1)],
            "annotations": [
                {"id": 1, "image_id": 1, "category_id": len(classes), "bbox": [1, 2, 3, 4]}
            ],
            "categories": [{"id": k, "name": name} for k, name in enumerate(classes, 1)],
        }
    )


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_file_for_each_split_becomes_one_set(tmp_path: Path) -> None:
    write(tmp_path / "annotations/instances_train2017.json", file_of(["a.jpg", "b.jpg"]))
    write(tmp_path / "annotations/instances_val2017.json", file_of(["a.jpg"], ("dog", "cat")))
    for photo in ("train2017/a.jpg", "train2017/b.jpg", "val2017/a.jpg"):
        write(tmp_path / photo)
    labels = read_set(tmp_path)
    assert labels.images.to_pylist() == [
        {"id": k, "file_name": name, "width": None, "height": None, "split": split}
        for k, name, split in [
            (1, "train2017/a.jpg", "train"),
            (2, "train2017/b.jpg", "train"),
            (3, "val2017/a.jpg", "val"),
        ]
    ]
    assert labels.classes == ["cat", "dog"]
    assert (labels.ids.tolist(), labels.rows.tolist()) == ([1, 2], [0, 2])
    assert labels.labels.tolist() == [0, 0]


def test_a_photo_in_the_files_of_two_splits_is_refused(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write(tmp_path / f"{split}.json", file_of(["a.jpg", f"{split}.jpg"]))
    write(tmp_path / "a.jpg")
    message = r"/val.json: photo 'a.jpg' is in \S*/train.json as well; keep it in one of them"
    with pytest.raises(InputError, match=message):
        read_set(tmp_path)


def test_folders_of_splits_with_a_file_in_each(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        write(tmp_path / f"{split}/_annotations.coco.json", file_of(["a.jpg"]))
        write(tmp_path / f"{split}/a.jpg")
    images = read_set(tmp_path).images
    assert images["split"].to_pylist() == ["test", "train", "val"]
    assert images["file_name"].to_pylist() == ["test/a.jpg", "train/a.jpg", "valid/a.jpg"]


def test_a_single_file_keeps_the_splits_it_has(tmp_path: Path) -> None:
    write(tmp_path / "train.json", file_of(["a.jpg"]))
    assert read_set(tmp_path).images["split"].to_pylist() == [None]


@pytest.mark.parametrize(
    "others", [["train/gt/a.jpg", "val/gt/a.jpg"], ["mask_train/a.jpg", "mask_val/a.jpg"]]
)
def test_masks_beside_the_photos_of_a_split_are_not_taken(tmp_path: Path, others: list) -> None:
    folder = "train/images" if "gt" in others[0] else "train"
    photos = [f"{folder}/a.jpg", f"{folder.replace('train', 'val')}/a.jpg"]
    for split in ("train", "val"):
        write(tmp_path / f"annotations/{split}.json", file_of(["a.jpg"]))
    for photo in (*photos, *others):
        write(tmp_path / photo)
    assert read_set(tmp_path).images["file_name"].to_pylist() == photos
