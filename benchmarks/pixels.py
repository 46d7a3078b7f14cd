"""Photos to the pixel store: decode, squash with an antialiased filter."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.photos import FOLDER, STORE, painted, sizes_wh
from benchmarks.topic import Case, Setting, Topic

PHOTOS = 400


def with_pil(path: Path):
    """Return `(224, 224, 3)` uint8 made by PIL alone."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        square = image.convert("RGB").resize((STORE, STORE), Image.Resampling.BILINEAR)
    return np.asarray(square)


def ours_one(path: Path, size_wh: tuple[int, int]):
    """Return the same by the function that fills the store."""
    from pipeline.data.decode import read_squashed

    return read_squashed(path, STORE, size_wh=size_wh)[0]


def decode_only(path: Path) -> None:
    """Decode a photo and drop it."""
    from torchvision.io import decode_image, read_file

    decode_image(read_file(str(path)))


def _one_core() -> list[Case]:
    import torch

    torch.set_num_threads(1)
    paths, pascal = painted(PHOTOS)
    sizes = [tuple(size) for size in sizes_wh(pascal).tolist()]

    def ours() -> None:
        for path, size in zip(paths, sizes, strict=True):
            ours_one(path, size)

    return [
        Case("ours", "ours", ours),
        Case("PIL", "peer", lambda: [with_pil(path) for path in paths]),
        Case("decode alone", "limit", lambda: [decode_only(path) for path in paths]),
    ]


def _all_cores() -> list[Case]:
    import torch

    from pipeline.data.pixels import build_pixel_store

    torch.set_num_threads(1)
    paths, pascal = painted(PHOTOS)
    sizes, out = sizes_wh(pascal), FOLDER / "timed.npy"

    def spread(function) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(function, paths))

    return [
        Case("ours, store written", "ours", lambda: build_pixel_store(paths, sizes, out, STORE)),
        Case("PIL in threads", "peer", lambda: spread(with_pil)),
        Case("decode alone, in threads", "limit", lambda: spread(decode_only)),
    ]


TOPIC = Topic(
    "Photos to the pixel store, 500 to 224 pixels",
    (
        Setting("one core", PHOTOS, "photos", _one_core, 1.9),
        Setting("all cores", PHOTOS, "photos", _all_cores, None),
    ),
    "Painted JPEGs, 500 pixels wide. Pixels differ from PIL's by 1 of 255 at most "
    "(`tests/benchmarks/test_pixels.py`).",
)
