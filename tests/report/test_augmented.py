"""Augmented photos saved by a training, drawn with their objects."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.report import augmented
from pipeline.report.answers import DrawnPhotos
from pipeline.report.augmented import augmented_picture
from pipeline.report.fonts import Lettering
from tests.report.test_ladder_picture import images_of
from tests.stages.answers import FIRST_BATCH

BOX = [4.0, 4.0, 12.0, 12.0]


def photos(count=3):
    """Return photos of which only the names are used."""
    images = images_of(*["train"] * count)
    names = [f"{row}.jpg" for row in range(count)]
    images = images.set_column(images.column_names.index("file_name"), "file_name", [names])
    return DrawnPhotos(images, None, {}, Lettering(["cat", "dog"], ""))


def stored(path, row=2):
    """Write two photos: one with a cat, a dog that is ignored, and a padded row; one empty."""
    records = np.zeros(2, FIRST_BATCH)
    records["row"] = [row, 0]
    records["boxes"][0, :2] = BOX
    records["labels"] = [[0, 1, -1], [-1, -1, -1]]
    records["ignore"][0, 1] = True
    records["pixels"][1] = 200
    np.save(path, records)
    return path


def test_what_is_drawn(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(augmented, "photo_grid", lambda *told, **named: seen.append((told, named)))
    augmented_picture(tmp_path / "a.png", stored(tmp_path / "a.npy"), photos(), "ssd_fpn")
    (((_, pixels, truths, predicted), named),) = seen
    assert [part.mean() for part in pixels] == [0, 200]
    assert truths[0].boxes.tolist() == [BOX, BOX] and truths[0].ignore.tolist() == [False, True]
    assert [len(marks.boxes) for marks in (truths[1], *predicted)] == [0, 0, 0]
    assert named["captions"] == ["2.jpg: cat", "0.jpg: nothing to find"]
    assert named["title"] == "ssd_fpn: photos of train, augmented, at 16 px"


def test_the_boxes_lie_where_they_are(tmp_path):
    augmented_picture(tmp_path / "a.png", stored(tmp_path / "a.npy"), photos(), "ssd_fpn")
    with Image.open(tmp_path / "a.png") as picture:
        white = np.asarray(picture.convert("L"))[52 : 52 + 332, 10 : 10 + 332] > 200
    columns = np.flatnonzero(white.any(0))  # of a black photo of 332 px: its box is the only light
    assert columns.min() == pytest.approx(332 / 4, abs=3)
    assert columns.max() == pytest.approx(332 * 3 / 4, abs=3)


def test_without_an_array_nothing_is_drawn(tmp_path):
    augmented_picture(tmp_path / "a.png", tmp_path / "a.npy", photos(), "ssd_fpn")
    assert list(tmp_path.iterdir()) == []


def _other_fields(path: Path) -> None:
    np.save(path, np.zeros(3))


def _another_photo(path: Path) -> None:
    stored(path, row=3)


def _half(path: Path) -> None:
    path.write_bytes(stored(path).read_bytes()[:400])


@pytest.mark.parametrize("spoil", [_other_fields, _another_photo, _half])
def test_a_spoilt_array_is_refused(tmp_path, spoil):
    path = tmp_path / "a.npy"
    spoil(path)
    with pytest.raises(InputError, match=r"a\.npy.*train the rung again"):
        augmented_picture(tmp_path / "a.png", path, photos(), "ssd_fpn")
