"""VOC's lists of train, val and test, with all that people write into them."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.split_lists import read_split_lists


def test_no_lists_no_splits(tmp_path: Path) -> None:
    assert read_split_lists(tmp_path / "absent") == {}


def test_lists_are_read_and_trainval_alone_is_train(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\nb  1\n\n")
    (tmp_path / "val.txt").write_text("c -1\n")
    (tmp_path / "trainval.txt").write_text("a\nb\nc\nd\n")
    assert read_split_lists(tmp_path) == {"a": "train", "b": "train", "c": "val", "d": "train"}


def test_names_with_spaces_stay_whole_and_flags_fall_off(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("IMG 1\n IMG 2  1\nmy own cat -1 \n")
    (tmp_path / "val.txt").write_text("IMG 3\nIMG 2 b  0\n")
    train, val = ("IMG 1", "IMG 2", "my own cat"), ("IMG 3", "IMG 2 b")
    assert read_split_lists(tmp_path) == dict.fromkeys(train, "train") | dict.fromkeys(val, "val")


def test_lists_may_be_called_as_people_call_splits(tmp_path: Path) -> None:
    (tmp_path / "Train.txt").write_text("a\n")
    (tmp_path / "Validation.txt").write_text("b\n")
    (tmp_path / "TrainVal.txt").write_text("c\n")
    (tmp_path / "cat_train.txt").write_text("d -1\n")  # a list of a class
    assert read_split_lists(tmp_path) == {"a": "train", "b": "val", "c": "train"}


@pytest.mark.parametrize("first", ["train", "trainval"])
def test_a_name_in_two_lists_is_refused(tmp_path: Path, first: str) -> None:
    (tmp_path / f"{first}.txt").write_text("a\nb.jpg\n")
    (tmp_path / "test.txt").write_text("b\n")
    message = r"(test.txt: b: is in train|trainval.txt: b.jpg: is in test).txt as well; keep it in"
    with pytest.raises(InputError, match=message):
        read_split_lists(tmp_path, lambda name: name.removesuffix(".jpg"))


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match=r"train.txt: not text"):
        read_split_lists(tmp_path)
