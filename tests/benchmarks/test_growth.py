"""The growth benchmark measures in a process of its own and draws what it found."""

from pathlib import Path

from PIL import Image

from benchmarks import grown
from benchmarks.growth import PARTS, SIZES, _measured, draw, merged
from pipeline.data.inputs import read_training_data
from pipeline.files import PIXELS, SOURCE
from pipeline.photo_files import photos_below
from pipeline.tasks import Task


def test_a_part_is_measured():
    row = _measured("evaluation", 1000)
    assert row["seconds"] > 0
    assert row["mb_peak"] >= row["mb_before"] > 20


def test_every_part_is_drawn(tmp_path):
    rows = [
        {"part": part, "photos": photos, "seconds": photos / 500, "mb_peak": 300}
        for part in PARTS
        for photos in SIZES
    ]
    draw(rows, tmp_path / "growth.png")
    with Image.open(tmp_path / "growth.png") as picture:
        assert picture.size == (900, 360)
        assert len(set(picture.convert("RGB").get_flattened_data())) > 20


def test_a_row_takes_the_place_of_the_same_part_and_size():
    rows = [{"part": "store", "photos": 10, "seconds": 1}]
    rows = merged(rows, {"part": "training", "photos": 10, "seconds": 2})
    rows = merged(rows, {"part": "store", "photos": 100, "seconds": 3})
    rows = merged(rows, {"part": "store", "photos": 10, "seconds": 4})
    assert [row["seconds"] for row in rows] == [4, 3, 2]


def test_a_grown_project_is_read_as_any_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(grown, "SHARD", 100)
    grown.write_tables(Path(), 150)
    grown.write_noise(PIXELS, 150, side=2)
    assert len(list(PIXELS.parent.glob("*.npy"))) == 2
    data = read_training_data(Task.DETECT, 1.0)
    assert (len(data.train), len(data.val)) == (142, 8)
    assert data.train.most_objects == 3 and len(data.train.boxes) == 142 * 3 + 1  # and none
    assert 0 <= data.train.boxes.min() and data.train.boxes.max() <= 1
    assert data.train.pixels[149].shape == (2, 2, 3)
    assert data.train.pixels[:100].std() > 60


def test_grown_photos_are_links(tmp_path):
    grown.link_photos(tmp_path, 1002)
    photos = photos_below(tmp_path / SOURCE)
    assert len(photos) == 1002
    assert photos[0].samefile(photos[1000]) and photos[1].samefile(photos[1001])
