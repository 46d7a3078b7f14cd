"""Where the label file of a photo is."""

from pathlib import Path

import pytest

from pipeline.formats.yolo.places import TextsOfSet, text_of
from tests.data.making import files_in


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


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"labels/a.txt": "", "images/a.txt": "0 .5 .5 .2 .2"}, "labels/a.txt"),
        ({"Labels/A.txt": "", "images/a.txt": "0 .5 .5 .2 .2"}, "Labels/A.txt"),
        ({"images/a.txt": "0 .5 .5 .2 .2"}, "images/a.txt"),
        ({"images/A.TXT": "0 .5 .5 .2 .2"}, "images/A.TXT"),
        ({"images/a.txt": "a cat on a mat"}, None),
        ({"a.txt": "0 .5 .5 .2 .2"}, None),
    ],
)
def test_texts_lie_in_labels_or_beside_their_photo(
    tmp_path: Path, files: dict, text: str | None
) -> None:
    found = TextsOfSet(files_in(tmp_path, files)).of("images/a.jpg")
    assert found == (tmp_path / text if text else None)
