"""Photos that no store holds become batches while they are read, and memory stays flat."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipeline.data.pixels import decode_photo, squash
from pipeline.errors import InputError
from pipeline.files import PHOTO_SUFFIXES


@dataclass(frozen=True)
class PhotoBatch:
    """What a model is given, and whose it is.

    Attributes:
        images: `(B, 3, S, S)` normalised, on the device.
        paths: B files.
        sizes_wh: `(B, 2)` width and height in pixels, as a viewer shows the photo.
        refused: what is wrong with the photos that were to be in this batch and are not.
    """

    images: Tensor
    paths: list[Path]
    sizes_wh: np.ndarray
    refused: list[str]


def find_photos(folder: Path) -> list[Path]:
    """Return the photos in a folder and its subfolders, sorted.

    Raises:
        InputError: there is no such folder, or no photo in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name one with photos")
    named = (path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    found = sorted(path for path in named if path.is_file())
    if not found:
        kinds = ", ".join(sorted(PHOTO_SUFFIXES))
        raise InputError(f"{folder}: no photo in it; it needs files that end in one of {kinds}")
    return found


def stream_photos(
    paths: Sequence[Path],
    *,
    image_size: int,
    batch_size: int,
    mean: Sequence[float],
    std: Sequence[float],
    device: torch.device,
) -> Iterator[PhotoBatch]:
    """Yield the photos in batches, each squashed to a square of side `image_size`.

    A GPU finds the next batch decoded when it has done one. A CPU decodes and computes in turn,
    both with all its cores: at once they would only be in each other's way.
    """
    groups = [paths[at : at + batch_size] for at in range(0, len(paths), batch_size)]
    scale, shift = (torch.tensor(value, device=device).view(1, 3, 1, 1) for value in (std, mean))
    ahead = device.type != "cpu"
    with ThreadPoolExecutor(initializer=torch.set_num_threads, initargs=(1,)) as pool:

        def decode(group: Sequence[Path]) -> list[Future]:
            return [pool.submit(_read, path, image_size) for path in group]

        upcoming = map(decode, groups)
        pending = [next(upcoming, [])] if ahead else []
        for futures in chain(upcoming, [[]] * ahead):
            pending.append(futures)
            yield _batch([future.result() for future in pending.pop(0)], device, shift, scale)


def _read(path: Path, side: int) -> tuple[Path, np.ndarray, tuple[int, int]] | str:
    try:
        photo = decode_photo(path)
    except InputError as error:
        return str(error)
    return path, squash(photo, side), (photo.shape[2], photo.shape[1])


def _batch(read: list, device: torch.device, mean: Tensor, std: Tensor) -> PhotoBatch:
    refused = [item for item in read if isinstance(item, str)]
    good = [item for item in read if not isinstance(item, str)]
    paths, squares, sizes = zip(*good, strict=True) if good else ((), (), ())
    pixels = torch.from_numpy(np.stack(squares)) if good else torch.zeros(0, 1, 1, 3)
    images = pixels.to(device, non_blocking=True).permute(0, 3, 1, 2).float() / 255
    images = ((images - mean) / std).contiguous(memory_format=torch.channels_last)
    return PhotoBatch(images, list(paths), np.array(sizes, int).reshape(-1, 2), refused)
