"""The folder that travels: small photos with their labels, and what a bare machine lacks."""

import json
import subprocess
from pathlib import Path

from benchmarks.gpu.packed_photos import SIDE, pack_photos
from benchmarks.gpu.packed_wheels import pack_wheels
from pipeline.errors import InputError
from pipeline.files import fresh_folder

MOST_BYTES = 60_000_000


def pack(folder: Path, source: Path) -> list[str]:
    """Write the folder anew; return lines that say what is in it.

    Args:
        folder: that travels.
        source: has `images/` and their labels as Pascal JSON beside it.

    Raises:
        InputError: it would be too large to travel, and stays as it was.
    """
    with fresh_folder(folder) as place:
        pack_photos(source, place / "photos")
        pack_wheels(place / "wheels")
        (place / "pack.json").write_text(json.dumps({"commit": commit()}) + "\n")
        photos, wheels = bytes_of(place / "photos"), bytes_of(place / "wheels")
        if photos + wheels > MOST_BYTES:
            raise InputError(
                f"{folder}: {photos:,} bytes of photos and {wheels:,} of wheels are more than "
                f"{MOST_BYTES:,}; lower SIDE, now {SIDE}, in benchmarks/gpu/packed_photos.py"
            )
    return [
        f"{folder}: {photos + wheels:,} bytes of {MOST_BYTES:,}",
        f"  photos: {photos:,}, at most {SIDE} pixels a side",
        f"  wheels: {wheels:,}",
    ]


def bytes_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def commit() -> str:
    """Return the commit that is checked out, with `-dirty` where files differ; "" without git."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip()
