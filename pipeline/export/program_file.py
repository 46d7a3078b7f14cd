"""A captured program as a file that plain torch loads."""

import json
from pathlib import Path

import torch

from pipeline.export.program import Program, quiet
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.program_engine import EXTRA_FILE


def write_program(program: Program, description: Description, path: Path) -> None:
    """Write a `.pt2` file; the metadata is in it as an extra file."""
    strings = json.dumps(description.to_strings())
    with quiet():
        torch.export.save(program.captured, path, extra_files={EXTRA_FILE: strings})
