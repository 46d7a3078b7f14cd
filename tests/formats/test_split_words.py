"""What names of files and folders say about splits."""

from pathlib import PurePath

import pytest

from pipeline.formats.split_words import split_of_name, split_of_path, told_apart


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
    assert split_of_name(name) == split


def test_the_files_own_name_leads_over_its_folder() -> None:
    assert split_of_path(PurePath("train/val.json")) == "val"
    assert split_of_path(PurePath("valid/_annotations.coco.json")) == "val"
    assert split_of_path(PurePath("a/b.json")) is None


def test_one_split_alone_is_none() -> None:
    assert told_apart([]) == []
    assert told_apart(["train", "train"]) == [None, None]
    assert told_apart(["train", None, "val"]) == ["train", None, "val"]
