"""Grey of many bits and of floating-point numbers as 8 bits; transparency on white."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from pipeline.data.decode import decode_photo
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
    with pytest.raises(ValueError, match="none of its pixels is a finite number"):
        grey_of([float("nan")], np.float32)


def clear_and_opaque(mode: str) -> tuple[Image.Image, dict]:
    """Return two pixels whose left one is transparent and black, and how to save them as PNG."""
    if mode in ("RGBA", "LA"):
        image = Image.new(mode, (2, 1))
        image.putpixel((1, 0), (90,) * (len(mode) - 1) + (255,))
        return image, {}
    grey = Image.new("L", (2, 1))
    grey.putpixel((1, 0), 90)
    if mode == "P":
        image = grey.convert("P")
        return image, {"transparency": image.getpixel((0, 0))}
    return grey.convert(mode), {"transparency": (0, 0, 0) if mode == "RGB" else 0}


@pytest.mark.parametrize("most", [50_000_000, 1])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_what_is_transparent_is_white(
    mode: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, options = clear_and_opaque(mode)
    image.save(tmp_path / "a.png", **options)
    opened = Image.open(tmp_path / "a.png")
    assert opened.mode == mode
    pixels = np.array(to_rgb(opened))
    assert pixels.tolist() == [[[255] * 3, [90] * 3]]
    assert_array_equal(decode_photo(tmp_path / "a.png").pixels.permute(1, 2, 0), pixels)
    monkeypatch.setattr("pipeline.data.decode.MOST_PIXELS", most)
    mean = decode_photo(tmp_path / "a.png").pixels.double().mean().item()
    assert mean == pytest.approx((255 + 90) / 2, abs=0.6)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF"])
def test_files_with_a_transparent_corner(kind: str) -> None:
    image = Image.new("RGBA", (8, 8), (10, 200, 30, 255))
    image.paste((0, 0, 0, 0), (0, 0, 4, 4))
    file = io.BytesIO()
    image.save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
    pixels = np.array(to_rgb(Image.open(file)))
    assert (pixels[:4, :4] == 255).all()
    assert (pixels[4:] == [10, 200, 30]).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK", "YCbCr", "1"])
def test_an_opaque_image_is_as_pil_has_it(mode: str) -> None:
    image = Image.effect_noise((9, 7), 90).convert(mode)
    assert_array_equal(to_rgb(image), image.convert("RGB"))


def test_an_alpha_that_hides_nothing_changes_nothing() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
    image = Image.fromarray(noise)
    image.putalpha(255)
    assert_array_equal(to_rgb(image), noise)
