"""A photo that is large, or claims to be, takes bounded memory and at most one line of error."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data import decode
from pipeline.data.decode import decode_photo, read_squashed
from pipeline.errors import InputError

# Each photo in a child of the process, so that it is imported once.
MEASURE = """
import os, re, sys
from pathlib import Path
from pipeline.data.decode import read_squashed
from pipeline.errors import InputError

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

for path in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    before = peak()
    try:
        shown = read_squashed(Path(path), 64)[1]
    except InputError as error:
        shown = error
    print(shown, peak() - before, sep="\\t", flush=True)
    os._exit(0)
"""


def png(path: Path, side: int, depth: int, colours: int) -> None:
    """Write a black PNG of `side` x `side` pixels, line by line."""
    bits = {0: 1, 2: 3, 3: 1, 6: 4}[colours] * depth
    packed = zlib.compressobj(9)
    line = bytes(1 + (side * bits + 7) // 8)
    data = b"".join(packed.compress(line) for _ in range(side)) + packed.flush()
    palette = [(b"PLTE", bytes(6))] if colours == 3 else []
    header = struct.pack(">IIBBBBB", side, side, depth, colours, 0, 0, 0)
    parts = [(b"IHDR", header), *palette, (b"IDAT", data), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def said_to_be(path: Path, width: int, height: int, **options) -> None:
    """Write a small JPEG whose header says another size."""
    buffer = io.BytesIO()
    Image.new("L", (64, 64)).save(buffer, "JPEG", **options)
    content = bytearray(buffer.getvalue())
    frame = max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    path.write_bytes(content)


def strip(path: Path) -> None:
    """Write a grey JPEG of 30,000 x 30,000 pixels, the scan of a strip again and again."""
    Image.new("L", (30_000, 500)).save(path, "JPEG")
    content = bytearray(path.read_bytes())
    frame = content.find(b"\xff\xc0")
    content[frame + 5 : frame + 7] = struct.pack(">H", 30_000)
    content[-2:] = b""
    scan = content[content.find(b"\xff\xda") + 10 :]
    path.write_bytes(content + scan * 59 + b"\xff\xd9")


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> dict[str, Path]:
    """Large photos by name."""
    folder = tmp_path_factory.mktemp("large")
    paths = {name: folder / name for name in ("palette", "colours", "grey", "strip")}
    png(paths["palette"], 13_300, 1, 3)
    png(paths["colours"], 9_900, 8, 6)
    png(paths["grey"], 9_900, 16, 0)
    strip(paths["strip"])
    return paths


@pytest.fixture(scope="module")
def measured(large) -> dict[str, tuple[str, int]]:
    """The result of each in a process of its own, and the kilobytes that it takes."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *large.values()], capture_output=True, text=True, check=True
    )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {
        name: (shown, int(kilobytes)) for name, (shown, kilobytes) in zip(large, lines, strict=True)
    }


@pytest.mark.slow
def test_a_palette_of_178_million_pixels_in_22_kilobytes(large, measured):
    assert large["palette"].stat().st_size < 25_000
    shown, kilobytes = measured["palette"]
    assert "is 13300 x 13300 pixels, 100 million at most; make it smaller" in shown
    assert kilobytes < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["colours", "grey"])
def test_as_many_pixels_as_are_decoded(measured, name):
    shown, kilobytes = measured[name]
    assert shown == "(9900, 9900)"
    assert kilobytes < 1_300_000


@pytest.mark.slow
def test_a_jpeg_of_900_million_pixels_is_scaled_while_it_is_decoded(measured):
    shown, kilobytes = measured["strip"]
    assert shown == "(30000, 30000)"
    assert kilobytes < 400_000


@pytest.mark.parametrize("options", [{"progressive": True}])
def test_one_that_a_decoder_must_keep_whole_is_refused(tmp_path, options):
    said_to_be(tmp_path / "a.jpg", 30_000, 30_000, **options)
    with pytest.raises(InputError, match=r"a\.jpg: photo: does not decode \(is 30000 x 30000"):
        read_squashed(tmp_path / "a.jpg", 64)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "GIF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_scaled_photo_is_the_same_photo(tmp_path, monkeypatch, kind, orientation):
    """Every size is that of the photo itself, however much it was scaled down."""
    coarse = np.random.default_rng(2).integers(0, 256, (3, 5, 3), np.uint8)
    image = Image.fromarray(coarse).resize((500, 300), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a", kind, **({} if kind == "GIF" else {"exif": exif}))
    whole, size_wh = read_squashed(tmp_path / "a", 15)
    monkeypatch.setattr(decode, "MOST_PIXELS", 10_000)
    small, same = read_squashed(tmp_path / "a", 15)
    assert same == size_wh
    assert decode_photo(tmp_path / "a").pixels[0].numel() <= 10_500
    assert np.abs(small.astype(int) - whole).mean() < 12


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), ("a.HEIC", b"no photo")],
)
def test_heic_is_told_with_what_to_do(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    line = (
        r"does not decode \(HEIC, which is not read\); convert it to JPEG, e.g. by `heif-convert`$"
    )
    with pytest.raises(InputError, match=rf"{name}: photo: {line}"):
        decode_photo(tmp_path / name)
