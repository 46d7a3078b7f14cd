"""Fingerprints of photos of every format, and of files that are not photos."""

import numpy as np
import pytest
from PIL import Image

from pipeline.checks.fingerprints import SIDE, fingerprints


@pytest.fixture
def gradient():
    """A photo 200 x 100 that gets brighter from left to right, 0 to 199."""
    return Image.fromarray(np.tile(np.arange(200, dtype=np.uint8), (100, 1)))


def test_a_file_that_is_no_photo_is_marked_and_keeps_its_digest(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no photo")
    paths = [tmp_path / name for name in ("empty.jpg", "text.jpg", "absent.jpg")]
    prints = fingerprints(paths)
    assert not prints.decoded.any() and not prints.thumbnails.any()
    assert prints.digests[0] != prints.digests[1]


def test_no_photos():
    assert fingerprints([]).thumbnails.shape == (0, SIDE, SIDE)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK"])
def test_every_kind_of_photo_has_the_same_thumbnail(tmp_path, gradient, mode):
    path = tmp_path / ("photo.jpg" if mode in ("RGB", "CMYK") else "photo.png")
    gradient.convert("RGB").convert(mode).save(path)
    prints = fingerprints([path])
    assert prints.decoded.all()
    column = (np.arange(SIDE) + 0.5) * 200 / SIDE - 0.5  # the mean of its 6.25 columns
    assert abs(prints.thumbnails[0] - column).max() < (20 if mode == "P" else 5)


def test_of_16_bits_the_high_byte_counts(tmp_path, gradient):
    Image.fromarray(np.asarray(gradient).astype(np.uint16) << 8).save(tmp_path / "deep.png")
    gradient.save(tmp_path / "plain.png")
    deep, plain = fingerprints([tmp_path / "deep.png", tmp_path / "plain.png"]).thumbnails
    assert abs(deep.astype(int) - plain).max() <= 1


def test_a_photo_on_its_side_is_turned_as_a_viewer_does(tmp_path, gradient):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter clockwise
    gradient.save(tmp_path / "lying.jpg", exif=exif)
    gradient.rotate(-90, expand=True).save(tmp_path / "upright.jpg")
    lying, upright = fingerprints([tmp_path / "lying.jpg", tmp_path / "upright.jpg"]).thumbnails
    assert abs(lying.astype(int) - upright).max() <= 2


def test_photos_are_in_their_order_in_many_threads(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(50)]
    for number, path in enumerate(paths):
        Image.new("L", (40, 40), number).save(path)
    prints = fingerprints(paths)
    assert prints.thumbnails[:, 0, 0].tolist() == list(range(50))
    some = prints.of_photos(np.arange(50) % 2 == 1)
    assert some.thumbnails[:, 0, 0].tolist() == list(range(1, 50, 2))


def test_hidden_colours_do_not_count(tmp_path, gradient):
    shape = Image.new("L", gradient.size)
    shape.paste(255, (0, 0, gradient.width, gradient.height // 2))
    for name, hidden in (("black", 0), ("white", 255)):
        layer = Image.new("RGB", gradient.size, (hidden,) * 3)
        layer.paste(gradient, mask=shape)
        layer.putalpha(shape)
        layer.save(tmp_path / f"{name}.png")
    found = fingerprints([tmp_path / "black.png", tmp_path / "white.png"])
    assert (found.thumbnails[0] == found.thumbnails[1]).all()
