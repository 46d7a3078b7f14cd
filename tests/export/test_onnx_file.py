"""An ONNX file names its inputs, outputs and model, and nothing of this machine."""

import json
from dataclasses import asdict

import pytest

from tests.exported_files import SCORES, exported_file, needs_runtimes
from tests.inference.making import CLASSES, SIDE, spec_of

needs_runtimes()


def shapes_of(values) -> dict[str, list[str | int]]:
    """Return name and shape of inputs or outputs."""
    return {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in values
    }


@pytest.mark.parametrize(
    ("rung", "outputs"),
    [
        ("ssd_fpn", {"cls_logits": ["batch", 86, 3], "boxes": ["batch", 86, 4]}),
        ("combined", {"boxes": ["batch", 4], "cls_logits": ["batch", 3]}),
    ],
)
def test_inputs_outputs_and_metadata(rung, outputs):
    import onnx

    model = onnx.load(exported_file(rung, "onnx"))
    assert shapes_of(model.graph.input) == {"pixels": ["batch", SIDE, SIDE, 3]}
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert shapes_of(model.graph.output) == outputs
    held = {prop.key: prop.value for prop in model.metadata_props}
    assert json.loads(held["model"]) == json.loads(json.dumps(asdict(spec_of(rung))))
    assert json.loads(held["classes"]) == CLASSES
    assert json.loads(held["label_scores"]) == SCORES
    assert json.loads(held["decoding"])["max_detections"] == 5
    assert json.loads(held["suppressed"]) is False and json.loads(held["image_size"]) == SIDE


def test_no_path_of_this_machine_is_inside():
    from tests.conftest import ROOT

    content = exported_file("ssd_fpn", "onnx").read_bytes()
    assert str(ROOT).encode() not in content and b"site-packages" not in content
