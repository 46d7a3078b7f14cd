"""The figures of a run, in a JSON file that is whole whenever the run is cut off."""

import json
import os
from pathlib import Path
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None
Row: TypeAlias = dict[str, Value]


class Results:
    """What has been measured so far; each process of a run, one at a time, adds to the file."""

    def __init__(self, path: Path):
        self.path = path

    def begin(self, head: dict[str, object]) -> None:
        """Write the file anew, with what is known before anything is measured."""
        self._write(head | {"rows": {}, "ended": {}})

    def add(self, part: str, row: Row) -> None:
        """Add a figure to a part."""
        content = self.read()
        content["rows"].setdefault(part, []).append(row)
        self._write(content)

    def end(self, part: str, how: str, seconds: float) -> None:
        """Note how a part has ended, `complete` or why not, and how long it took."""
        content = self.read()
        content["ended"][part] = {"how": how, "seconds": round(seconds, 1)}
        self._write(content)

    def read(self) -> dict:
        """Return the content of the file."""
        return json.loads(self.path.read_text())

    def _write(self, content: dict) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f"{self.path.name}.partial")
        beside.write_text(json.dumps(content, indent=2) + "\n")
        os.replace(beside, self.path)
