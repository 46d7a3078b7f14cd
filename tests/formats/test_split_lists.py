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


def test_a_name_in_two_lists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\nb\n")
    (tmp_path / "test.txt").write_text("b\n")
    with pytest.raises(InputError, match=r"test.txt: b: is in train.txt as well; keep it"):
        read_split_lists(tmp_path)


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match=r"train.txt: not text"):
        read_split_lists(tmp_path)
