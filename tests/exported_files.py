"""Small rungs as exported files, each made once for all tests."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.export.formats import FORMATS
from pipeline.export.program import Program, capture
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.rungs import registry
from tests.inference.making import EVERYTHING, SIDE, SIZES, model_of, spec_of

_FOLDER = tempfile.TemporaryDirectory(prefix="ladder-exported-")
SCORES = {"cat": 0.4, 'a <"käfer"> & Söhne': 0.25}
_QUICK = ("ssd_fpn", "combined")  # between them they have every layer there is
RUNGS = [
    *_QUICK,
    *(
        pytest.param(rung.name, marks=pytest.mark.slow)
        for rung in registry.RUNGS
        if rung.name not in _QUICK
    ),
]


def needs_runtimes() -> None:
    """Skip where the extra is not installed."""
    for package in ("onnx", "onnxscript", "onnxruntime", "openvino"):
        pytest.importorskip(package, reason="needs the extra `export`")


def described(rung: str, *, suppressed: bool = False) -> Description:
    """Return what the exported file of a small rung says of itself."""
    return Description(spec_of(rung), EVERYTHING, SCORES, suppressed)


@functools.cache
def program_of(rung: str) -> Program:
    """Return a small rung as a captured program."""
    return capture(model_of(rung), spec_of(rung))


@functools.cache
def exported_file(rung: str, form: str) -> Path:
    """Return the file of a small rung in a format; not to be changed."""
    path = Path(_FOLDER.name) / f"{rung}{FORMATS[form].ending}"
    write = FORMATS[form].write
    assert write is not None
    write(program_of(rung), described(rung, suppressed=FORMATS[form].suppressed), path)
    return path


def torch_engine(rung: str) -> TorchEngine:
    """Return the same rung in torch."""
    return TorchEngine(model_of(rung), spec_of(rung))


def some_pixels(rung: str, count: int) -> np.ndarray:
    """Return coarse photos `(count, S, S, 3)` for a small rung."""
    side = SIZES.get(rung, SIDE)
    coarse = np.random.default_rng(count).integers(0, 256, (count, 4, 4, 3), np.uint8)
    return coarse.repeat(side // 4, 1).repeat(side // 4, 2)
