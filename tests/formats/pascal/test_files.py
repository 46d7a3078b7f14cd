"""Which JSON files in a folder are its labels."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.pascal.files import may_be_pascal, pascal_files, splits_of_files


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('{"images": []}')
    return [folder / name for name in names]


@pytest.mark.parametrize(
    "names",
    [
        ["labels.json"],
        ["Annotations/labels.JSON"],
        ["annotations/instances_train2017.json", "annotations/instances_val2017.json"],
        ["test/_annotations.coco.json", "train/_annotations.coco.json", "valid/a.json"],
        ["train.json", "val.json"],
    ],
)
def test_one_file_or_one_for_each_split(tmp_path: Path, names: list[str]) -> None:
    files = touch(tmp_path, *names)
    touch(tmp_path, "._l.json", "annotations/._train.json", "train/.hidden.json", "other/x.json")
    assert pascal_files(tmp_path) == files


@pytest.mark.parametrize("folder", ["labels", "annotation", "Label", "json", "coco"])
@pytest.mark.parametrize("photo", ["a.jpg", "images/a.jpg", "train/a.jpg"])
def test_folders_of_labels_beside_photos(tmp_path: Path, folder: str, photo: str) -> None:
    files = touch(tmp_path, f"{folder}/labels.json")
    touch(tmp_path, f"{folder}/preview/a.jpg")
    assert pascal_files(tmp_path) == []
    touch(tmp_path, photo)
    assert pascal_files(tmp_path) == files
    first = touch(tmp_path, "annotations/labels.json")
    assert pascal_files(tmp_path) == first


def test_files_of_two_folders_of_labels_are_two(tmp_path: Path) -> None:
    touch(tmp_path, "labels/a.json", "coco/b.json", "a.jpg")
    with pytest.raises(InputError, match=r"2 JSON files \(b.json, a.json\); set fetch.labels"):
        pascal_files(tmp_path)


def test_files_of_other_tasks_are_left_beside_instances(tmp_path: Path) -> None:
    names = ["instances_train.json", "instances_val.json"]
    files = touch(tmp_path, *names)
    touch(tmp_path, "captions_train.json", "person_keypoints_val.json")
    assert pascal_files(tmp_path) == files
    assert splits_of_files(files, tmp_path) == ["train", "val"]


@pytest.mark.parametrize(
    "names", [["a.json", "b.json"], ["train.json", "train_2.json"], ["train.json", "labels.json"]]
)
def test_files_that_do_not_say_their_splits_are_refused(tmp_path: Path, names: list[str]) -> None:
    touch(tmp_path, *names)
    with pytest.raises(InputError, match=r"2 JSON files \(.*\); set fetch.labels to one"):
        pascal_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", "", True),
        ("a.json", '{"inf', True),
        ("a.json", '\ufeff {"images": []}', True),
        ("a.json", '{"cat": 3}', False),
        ("notes.json", '{"categories": []}', False),
        ("a.json", '{"shapes": []}', False),
        ("a.json", "[1]", False),
        ("._a.json", "{}", False),
        ("a.txt", "{}", False),
    ],
)
def test_what_may_be_pascal(tmp_path: Path, name: str, text: str, expected: bool) -> None:
    (tmp_path / name).write_text(text)
    assert may_be_pascal(tmp_path / name) == expected


def test_any_object_that_the_user_names_may_be_pascal(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"cat": 3}')
    assert may_be_pascal(tmp_path / "a.json", named=True)
    (tmp_path / "a.json").write_text('{"shapes": []}')
    assert not may_be_pascal(tmp_path / "a.json", named=True)
