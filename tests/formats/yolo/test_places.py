"""Where the text of a photo lies."""

import pytest

from pipeline.formats.yolo.places import text_of


@pytest.mark.parametrize(
    ("photo", "text"),
    [
        ("images/a.jpg", "labels/a.txt"),
        ("images/train/a.b.jpg", "labels/train/a.b.txt"),
        ("train/Images/a.jpg", "train/labels/a.txt"),
        ("images/images/a.jpg", "images/labels/a.txt"),  # the last one, as Ultralytics has it
        ("data/a.jpg", "data/a.txt"),
        ("images.jpg", "images.txt"),
    ],
)
def test_the_text_of_a_photo(photo: str, text: str) -> None:
    assert text_of(photo).as_posix() == text
