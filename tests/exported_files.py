"""Small rungs as exported files, each made once for all tests."""

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest

from pipeline.export import formats, onnx_file, openvino_file
from pipeline.export.formats import EXPORT_FORMATS
from pipeline.export.onnx_file import to_onnx
from pipeline.export.program import Program, capture
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.torch_engine import TorchEngine
from tests.inference.making import EVERYTHING, SIDE, SIZES, model_of, spec_of
from tests.made_once import made_once

if TYPE_CHECKING:
    import onnx

SCORES = {"cat": 0.4, 'a <"käfer"> & Söhne': 0.25}
# Between them they have every layer there is; what else there is has a part of one of them.
KINDS = ["ssd_fpn", "combined", pytest.param("ssd_189", marks=pytest.mark.slow)]


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


def exported_file(rung: str, form: str) -> Path:
    """Return the file of a small rung in a format; not to be changed."""
    name = f"{rung}{EXPORT_FORMATS[form].ending}"

    def make(folder: Path) -> None:
        write = EXPORT_FORMATS[form].write
        assert write is not None
        with translated_before(rung):
            write(
                program_of(rung),
                described(rung, suppressed=EXPORT_FORMATS[form].suppressed),
                folder / name,
            )

    return made_once(name, make) / name


@contextmanager
def translated_before(rung: str) -> Iterator[None]:
    """Let all formats take a small rung in ONNX from one file: to translate it takes seconds."""
    with ExitStack() as patches:
        for module in (formats, onnx_file, openvino_file):
            patches.enter_context(mock.patch.object(module, "to_onnx", lambda _: in_onnx(rung)))
        yield


def in_onnx(rung: str) -> "onnx.ModelProto":
    """Return a small rung in ONNX, without a description."""
    import onnx

    def make(folder: Path) -> None:
        onnx.save(to_onnx(program_of(rung)), folder / "network.onnx")

    return onnx.load(made_once(f"{rung}-in-onnx", make) / "network.onnx")


def torch_engine(rung: str) -> TorchEngine:
    """Return the same rung in torch."""
    return TorchEngine(model_of(rung), spec_of(rung))


def some_pixels(rung: str, count: int) -> np.ndarray:
    """Return coarse photos `(count, S, S, 3)` for a small rung."""
    side = SIZES.get(rung, SIDE)
    coarse = np.random.default_rng(count).integers(0, 256, (count, 4, 4, 3), np.uint8)
    return coarse.repeat(side // 4, 1).repeat(side // 4, 2)
