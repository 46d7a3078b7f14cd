"""Identifies a file of the store by a digest of the photos it is made from, and how."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision

from pipeline import photo_files
from pipeline.data import decode, jpeg_header, rgb
from pipeline.files import sha256_of

_CODE = [Path(str(module.__file__)) for module in (photo_files, decode, jpeg_header, rgb)]
_CODE += [Path(__file__), Path(__file__).with_name("pixels.py")]  # which imports this module


@dataclass(frozen=True)
class StoredPhotos:
    """The photos of a store, in its order.

    Attributes:
        paths: `(P,)` of the photos.
        sizes_wh: `(P, 2)` width and height of each photo in pixels, according to the table.
        turned: `(P,)` bool, whether to apply each photo's EXIF orientation.
        side: of the square that each becomes, in pixels.
    """

    paths: Sequence[Path]
    sizes_wh: np.ndarray
    turned: np.ndarray
    side: int

    def __len__(self) -> int:
        return len(self.paths)

    def parts(self, photos: int) -> "Iterator[StoredPhotos]":
        """Yield these photos in chunks of `photos`, at least one chunk."""
        for at in range(0, max(1, len(self)), photos):
            part = slice(at, at + photos)
            yield StoredPhotos(self.paths[part], self.sizes_wh[part], self.turned[part], self.side)

    def made_from(self, digests: Sequence[str]) -> bytes:
        """Return the SHA-256 of all that determines their pixels: bytes, parameters and code.

        Args:
            digests: the SHA-256 of each photo's file.
        """
        whole = hashlib.sha256("".join(digests).encode())
        whole.update(np.asarray(self.sizes_wh, np.int64).tobytes() + self.turned.tobytes())
        versions = (torch.__version__, torchvision.__version__, PIL.__version__)
        code = [sha256_of(file) for file in _CODE]
        whole.update(repr((self.side, versions, code)).encode())
        return whole.digest()

    def digest_on_disk(self, pool: ThreadPoolExecutor) -> bytes | None:
        """Return `made_from` for the files on disk; None if one cannot be read."""
        try:
            return self.made_from(list(pool.map(sha256_of, self.paths)))
        except OSError:
            return None
