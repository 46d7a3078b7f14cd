"""Writes one-line stages into the current folder."""

import json
from pathlib import Path


def write_stages(**commands: tuple[str, list[str]]) -> None:
    """Write `dvc.yaml`: each stage makes a file of its name, by a command, from other files."""
    stages = {
        name: {"cmd": command, "deps": deps, "outs": [{name: {"persist": True}}]}
        for name, (command, deps) in commands.items()
    }
    Path("dvc.yaml").write_text(json.dumps({"stages": stages}))
