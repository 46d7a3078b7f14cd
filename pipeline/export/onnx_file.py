"""A captured program as an ONNX file."""

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from pipeline.export.program import Program, quiet
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.extra import needs_extra
from pipeline.inference.engines.onnx_engine import INPUT
from pipeline.inference.engines.own_digest import NO_DIGEST, write_digest

if TYPE_CHECKING:
    import onnx


def write_onnx(program: Program, description: Description, path: Path) -> None:
    """Write the network with its own outputs, under the names that they have in torch.

    Raises:
        InputError: the packages for it are not installed.
    """
    save_onnx(to_onnx(program), description, path)


def to_onnx(program: Program) -> "onnx.ModelProto":
    """Return the network in ONNX.

    Raises:
        InputError: the packages for it are not installed.
    """
    with needs_extra("--format onnx"):
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401

    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        exported = torch.onnx.export(
            program.captured,
            dynamo=True,
            input_names=[INPUT],
            output_names=program.outputs,
            verbose=False,
        )
    assert exported is not None  # it is with the older exporter only
    model = exported.model_proto
    _name_batch(model.graph)
    # Source locations of the nodes: paths of this machine, half as large as the graph.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model


def _name_batch(graph: "onnx.GraphProto") -> None:
    """Call the size of a batch `batch`; torch calls it s6, or whatever comes next."""
    given = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param == given:
                dim.dim_param = "batch"


def save_onnx(model: "onnx.ModelProto", description: Description, path: Path) -> None:
    """Write a network with its metadata."""
    import onnx

    onnx.helper.set_model_props(model, description.to_strings() | NO_DIGEST)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    write_digest(path)
