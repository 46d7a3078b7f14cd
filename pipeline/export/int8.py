"""An OpenVINO model in int8, its ranges taken from photos of train."""

import contextlib
import io
import os
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.export.openvino_file import save_openvino, to_openvino
from pipeline.export.program import Program, quiet
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.extra import needs_extra

CALIBRATION_PHOTOS = 300


def write_int8(
    program: Program, description: Description, path: Path, calibration: np.ndarray
) -> None:
    """Write the network in int8 where nncf finds that this can be done, else in float32.

    Args:
        program: of the network.
        description: of the file.
        path: of the `.xml` file.
        calibration: pixels `(N, S, S, 3)` uint8 RGB of photos like those to come.

    Raises:
        InputError: there are no such photos, or the packages for it are not installed.
    """
    if not len(calibration):
        raise InputError(
            "--format openvino-int8: no photos of train to calibrate on; run `make repro` before"
        )
    # Else it reports each use to its makers.
    os.environ.setdefault("NNCF_CI", "1")
    with needs_extra("--format openvino-int8"), quiet():
        import nncf
    model = to_openvino(program)
    batches = nncf.Dataset(np.split(calibration, len(calibration)))
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        model = nncf.quantize(model, batches, subset_size=len(calibration))
    save_openvino(model, description, path)
