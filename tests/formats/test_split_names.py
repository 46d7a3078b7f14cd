"""The names that people give to splits."""

from pathlib import PurePath, PurePosixPath

import pytest

from pipeline.formats.split_names import (
    plain_split,
    split_in_name,
    split_in_path,
    split_of_name,
    split_of_path,
    told_apart,
)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Train2017", "train"),
        ("valid", "val"),
        ("validation", "val"),
        (" VAL ", "val"),
        ("testing", "test"),
        ("trains", None),
        ("2017", None),
        ("", None),
    ],
)
def test_names(name: str, split: str | None) -> None:
    assert split_of_name(name) == split


def test_a_value_that_means_no_split_stays() -> None:
    assert [plain_split(name) for name in ("Train", "valid", "fold 3")] == [
        "train",
        "val",
        "fold 3",
    ]


def test_a_folder_of_a_path_gives_the_split_and_a_file_does_not() -> None:
    assert split_of_path(PurePosixPath("images/val/train.jpg")) == "val"
    assert split_of_path(PurePosixPath("test.jpg")) is None


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("instances_train2017.json", "train"),
        ("instances_val2017.json", "val"),
        ("VALID", "val"),
        ("my-test.json", "test"),
        ("trainval", None),
        ("latest", None),
        ("train_val.json", None),
        ("", None),
    ],
)
def test_a_word_in_a_name(name: str, split: str | None) -> None:
    assert split_in_name(name) == split


def test_the_files_own_name_leads_over_its_folder() -> None:
    assert split_in_path(PurePath("train/val.json")) == "val"
    assert split_in_path(PurePath("valid/_annotations.coco.json")) == "val"
    assert split_in_path(PurePath("a/b.json")) is None


def test_one_split_alone_is_none() -> None:
    assert told_apart([]) == []
    assert told_apart(["train", "train"]) == [None, None]
    assert told_apart(["train", None, "val"]) == ["train", None, "val"]
