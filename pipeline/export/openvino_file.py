"""A captured program as an OpenVINO model: `.xml` with the graph, `.bin` with the weights."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.export.onnx_file import to_onnx
from pipeline.export.program import Program
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.extra import needs_extra
from pipeline.inference.engines.openvino_engine import INFO
from pipeline.inference.engines.own_digest import NO_DIGEST, write_digest

if TYPE_CHECKING:
    import openvino


def write_openvino(program: Program, description: Description, path: Path) -> None:
    """Write the network in float32.

    Raises:
        InputError: the packages for it are not installed.
    """
    save_openvino(to_openvino(program), description, path)


def to_openvino(program: Program) -> "openvino.Model":
    """Return the network in OpenVINO.

    Raises:
        InputError: the packages for it are not installed.
    """
    with needs_extra("--format openvino"):
        import openvino

    # Via ONNX, so that only one translation of torch's operations needs to be checked.
    return openvino.Core().read_model(to_onnx(program).SerializeToString(), b"")


def save_openvino(model: "openvino.Model", description: Description, path: Path) -> None:
    """Write a network with its metadata."""
    import openvino

    for key, value in (description.to_strings() | NO_DIGEST).items():
        model.set_rt_info(value, [INFO, key])
    # By default weights become float16, which changes boxes.
    openvino.save_model(model, path, compress_to_fp16=False)
    write_digest(path, [path.with_suffix(".bin")])
