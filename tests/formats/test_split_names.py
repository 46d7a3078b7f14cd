"""Splits by what people call them."""

from pathlib import PurePosixPath

import pytest

from pipeline.formats.split_names import split_of_name, split_of_path


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


def test_a_folder_of_a_path_gives_the_split_and_a_file_does_not() -> None:
    assert split_of_path(PurePosixPath("images/val/train.jpg")) == "val"
    assert split_of_path(PurePosixPath("test.jpg")) is None
