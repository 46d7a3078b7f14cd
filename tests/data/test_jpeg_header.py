"""The header of a JPEG says its size, and whether it is decoded line by line."""

import io

import pytest
from PIL import Image

from pipeline.data.jpeg_header import JpegHeader, jpeg_header


def jpeg(mode: str = "RGB", **options) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (70, 30)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_size_and_passes(mode, progressive):
    exif = Image.Exif()
    exif[0x010E] = "\xff\xc0\xff\xda"  # what looks like markers
    content = jpeg(mode, progressive=progressive, exif=exif)
    assert jpeg_header(content) == JpegHeader((70, 30), not progressive)
    assert jpeg_header(content[:2] + b"\xff" * 5 + content[2:]) == jpeg_header(content)


def test_a_scan_for_each_colour_is_not_one_pass():
    content = bytearray(jpeg())
    scan = content.index(b"\xff\xda")
    content[scan + 4] = 1
    assert jpeg_header(bytes(content)) == JpegHeader((70, 30), False)


@pytest.mark.parametrize("at", [0, 1, 2, 3, 20, 150])
def test_what_is_none_or_cut_off(at):
    assert jpeg_header(jpeg()[:at]) is None
    assert jpeg_header(b"\x89PNG" + bytes(at)) is None
    assert jpeg_header(b"\xff\xd8" + b"\xff\xd0" * at + b"\xff\xe0\0\0" * at) is None
