"""Files become squares as elsewhere in the project, or are refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.inference.photos import read_square
from pipeline.serve.limits import Refused
from pipeline.serve.squares import check_header, read_upload
from tests.serve.making import encoded, huge_png

MOST = 10_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_is_read_as_by_the_detector(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "1"
    file.write_bytes(encoded(kind))
    square, wanted = read_upload(file, 64, MOST), read_square(file, 0, 64)
    assert np.array_equal(square.pixels, wanted.pixels)
    assert square.size_wh == (60, 40)


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 422, "is empty; send the photo's file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", 422, "HEIC, which is not read; convert it to JPEG"),
        (b"GIF89a", 422, "not a photo of a known kind; send JPEG"),
        (huge_png(101, 100), 413, "is 101 x 100 pixels; send at most 0.01 million"),
        (huge_png(30000, 30000), 413, "has far too many pixels; send at most 0.01 million"),
        (encoded("PNG")[:400], 422, r"does not decode \(.*\); replace the file, or leave it out"),
    ],
)
def test_what_is_no_photo(tmp_path: Path, content: bytes, status: int, reason: str) -> None:
    file = tmp_path / "1"
    file.write_bytes(content)
    with pytest.raises(Refused, match=f"^{reason}") as refused:
        read_upload(file, 64, MOST)
    assert refused.value.status == status


@pytest.mark.parametrize("kind", ["EPS", "PDF", "PPM", "ICO", "TGA"])
def test_kinds_that_strangers_may_not_send(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "1"
    Image.new("RGB", (32, 32)).save(file, kind)
    with pytest.raises(Refused, match="not a photo of a known kind"):
        check_header(file, MOST)


def test_as_many_pixels_as_allowed(tmp_path: Path) -> None:
    file = tmp_path / "1"
    file.write_bytes(huge_png(100, 100))
    check_header(file, MOST)
