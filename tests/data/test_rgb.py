"""Grey of many bits and of floating-point numbers as 8 bits."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from pipeline.data.rgb import to_rgb


def grey_of(values: list, kind: type) -> list[int]:
    """Return the pixels of a photo with one row of these values, after it was saved and opened."""
    image = to_rgb(Image.fromarray(np.array([values], kind)))
    assert image.mode == "RGB"
    pixels = np.array(image)
    assert_array_equal(pixels, pixels[..., :1].repeat(3, -1))
    return pixels[0, :, 0].tolist()


@pytest.mark.parametrize("kind", [np.uint16, np.int32])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0], [0, 0]),
        ([0, 100, 255], [0, 100, 255]),
        ([0, 256, 1023], [0, 64, 255]),  # 10 bits
        ([0, 2048, 4095], [0, 128, 255]),  # 12 bits
        ([0, 4096, 8000], [0, 64, 125]),  # 14 bits
        ([0, 255, 256, 32768, 65535], [0, 0, 1, 128, 255]),
    ],
)
def test_the_brightest_pixel_tells_the_bits(kind: type, values: list, expected: list) -> None:
    assert grey_of(values, kind) == expected


def test_more_than_16_bits_take_what_they_need() -> None:
    assert grey_of([0, 2**19, 2**20 - 1], np.int32) == [0, 128, 255]
    assert grey_of([-1000, 0, 3095], np.int32) == [0, 62, 255]  # 0..4095 from the darkest


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 1], [0, 128, 255]),
        ([0, 100, 255], [0, 100, 255]),
        ([0, 2048, 4095], [0, 128, 255]),
        ([float("nan"), 0.25, 1], [64, 64, 255]),
        ([0, float("inf"), 1], [0, 255, 255]),
    ],
)
def test_floating_point_numbers_are_shares_or_counts(values: list, expected: list) -> None:
    assert grey_of(values, np.float32) == expected


def test_no_number_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="none of its pixels is a number"):
        grey_of([float("nan")], np.float32)
