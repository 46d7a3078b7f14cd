"""The growth benchmark measures in a process of its own and draws what it found."""

from PIL import Image

from benchmarks.growth import PARTS, SIZES, _measured, draw


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
