"""A folder that a command creates and may replace; a record in it shows what others changed.

A command that recreates a folder may remove only its own files: what a person corrected or added
exists nowhere else.
"""

from pathlib import Path

import orjson

from pipeline.photo_files import visible_files

_RECORD = ".made.json"  # path -> size and time of each file


def record_files(folder: Path) -> None:
    """Record all files in a folder as those of the command that made it."""
    (folder / _RECORD).write_bytes(orjson.dumps(states_of_files(folder)))


def foreign_files(folder: Path) -> list[Path]:
    """Return the files that are not as the command left them; all if there is no record.

    A missing folder has none.
    """
    try:
        made = orjson.loads((folder / _RECORD).read_bytes())
    except (OSError, ValueError):
        made = {}
    return changed_files(folder, made)


def changed_files(folder: Path, before: dict[str, list[int]]) -> list[Path]:
    """Return the files that were added or changed since `states_of_files` returned `before`."""
    now = states_of_files(folder)
    return [folder / name for name, state in sorted(now.items()) if before.get(name) != state]


def states_of_files(folder: Path) -> dict[str, list[int]]:
    """Return size and time of each file; hidden ones, which macOS leaves anywhere, do not count."""
    files = (file for file in visible_files(folder) if file.is_file())
    stats = ((file.relative_to(folder).as_posix(), file.stat()) for file in files)
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats}
