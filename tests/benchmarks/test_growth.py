"""The growth benchmark measures in a process of its own and draws what it found."""

from PIL import Image

from benchmarks.grown import SHARD, grown
from benchmarks.growth import PARTS, SIZES, _measured, draw, merged


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


def test_grown_photos_are_noise_with_objects(tmp_path):
    photos = grown(SHARD + 1, tmp_path / "store", side=2)
    assert len(list((tmp_path / "store").glob("*.npy"))) == 2
    assert photos.most_objects == 3 and len(photos.boxes) == (SHARD + 1) * 3 + 1  # and none
    assert 0 <= photos.boxes.min() and photos.boxes.max() <= 1
    assert photos.pixels[SHARD].shape == (2, 2, 3)
    assert photos.pixels[:100].std() > 60
