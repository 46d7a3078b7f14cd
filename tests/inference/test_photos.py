"""A photo in any form becomes one square, as a viewer shows it."""

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.inference.photos import read_square
from pipeline.photo_files import open_photo, photo_size
from tests.inference.making import photo_file, pixels_of
from tests.turned_photo import photo_turned_by_xmp

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")
ORIENTATION = 0x0112  # the EXIF tag


def test_a_photo_of_the_squares_own_size_is_unchanged(tmp_path):
    pixels = pixels_of(16, 16)
    forms = (pixels, Image.fromarray(pixels), photo_file(tmp_path / "a.png", 16, 16))
    for form in (*forms, str(forms[-1])):
        square = read_square(form, 0, 16)
        np.testing.assert_array_equal(square.pixels, pixels)
        assert square.size_wh == (16, 16)


def test_the_size_is_that_of_the_photo():
    square = read_square(np.zeros((20, 40, 3), np.uint8), 0, 8)
    assert square.pixels.shape == (8, 8, 3)
    assert square.size_wh == (40, 20)


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "P", "1"])
def test_images_of_any_mode(mode):
    square = read_square(Image.new("RGB", (8, 8), "white").convert(mode), 0, 8)
    assert (square.pixels == 255).all()


def test_an_image_is_turned_as_its_note_says(tmp_path):
    stored = Image.new("RGB", (16, 8))
    stored.paste((255, 255, 255), (0, 0, 8, 8))  # the left half
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # a viewer turns it clockwise: the left half is the upper one
    stored.save(tmp_path / "a.png", exif=exif)
    for form in (tmp_path / "a.png", Image.open(tmp_path / "a.png")):
        square = read_square(form, 0, 8)
        assert square.size_wh == (8, 16)
        assert square.pixels[:3].min() > 200 and square.pixels[-3:].max() < 50


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_a_turn_in_xmp_alone_counts_in_no_form(tmp_path, ending):
    file = photo_turned_by_xmp(tmp_path / f"a.{ending}")
    assert photo_size(file) == (16, 8)
    for form in (file, open_photo(file)):
        square = read_square(form, 0, 8)
        assert square.size_wh == (16, 8)
        assert square.pixels[:, :3].min() > 200 and square.pixels[:, -3:].max() < 50


@pytest.mark.parametrize("photo", [None, 7, b"jpeg", [["a.jpg"]]])
def test_what_is_no_photo_is_named_by_its_number(photo):
    with pytest.raises(InputError, match=r"^photo 7: is a \w+; give a path, an array or a PIL"):
        read_square(photo, 7, 8)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((8, 8), np.uint8),
        np.zeros((3, 8, 8), np.uint8),
        np.zeros((8, 8, 3), np.float32),
    ],
)
def test_an_array_of_another_kind_is_named_by_its_number(array):
    with pytest.raises(InputError, match=r"^photo 7: is an array of .*; an array must be uint8"):
        read_square(array, 7, 8)


def test_a_file_that_does_not_decode_is_named(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    with pytest.raises(InputError, match=r"a\.jpg: .*does not decode"):
        read_square(tmp_path / "a.jpg", 0, 8)
