"""An OpenVINO model in int8, calibrated on photos of train."""

import contextlib
import io
import os
from pathlib import Path
from types import ModuleType

import numpy as np

from pipeline.data.inputs import Inputs
from pipeline.errors import InputError
from pipeline.export.openvino_file import save_openvino, to_openvino
from pipeline.export.photos import rows_of
from pipeline.export.program import Program, quiet
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.extra import needs_extra

CALIBRATION_PHOTOS = 300


def check_can_calibrate(inputs: Inputs | None) -> None:
    """Check that there are photos to calibrate on, and the package that does it.

    Raises:
        InputError: one is missing.
    """
    if inputs is None:
        raise InputError(
            "--format openvino-int8: needs photos of train and val; run `make repro` before"
        )
    if not len(rows_of(inputs, "train")):
        raise InputError(
            "--format openvino-int8: no photos of train to calibrate on; run `make repro` before"
        )
    _import_nncf()


def write_int8(
    program: Program, description: Description, path: Path, calibration: np.ndarray
) -> None:
    """Write the network in int8, with float32 for the layers that nncf leaves alone.

    Args:
        program: of the network.
        description: of the file.
        path: of the `.xml` file.
        calibration: pixels `(N, S, S, 3)` uint8 RGB of representative photos.

    Raises:
        InputError: a package is not installed.
    """
    nncf = _import_nncf()
    model = to_openvino(program)
    batches = nncf.Dataset(np.split(calibration, len(calibration)))
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        model = nncf.quantize(model, batches, subset_size=len(calibration))
    save_openvino(model, description, path)


def _import_nncf() -> ModuleType:
    # Turns off nncf's telemetry.
    os.environ.setdefault("NNCF_CI", "1")
    with needs_extra("--format openvino-int8"), quiet():
        import nncf
    return nncf
