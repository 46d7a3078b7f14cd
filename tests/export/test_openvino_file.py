"""An OpenVINO model is float32, names its inputs and outputs, and says what it is."""

import json

from tests.exported_files import SCORES, exported_file, needs_runtimes
from tests.inference.making import CLASSES, SIDE

needs_runtimes()


def test_inputs_outputs_and_metadata():
    import openvino

    model = openvino.Core().read_model(exported_file("ssd_fpn", "openvino"))
    [pixels] = model.inputs
    assert (pixels.get_any_name(), pixels.get_element_type().to_string()) == ("pixels", "u8")
    assert pixels.get_partial_shape().to_string() == f"[?,{SIDE},{SIDE},3]"
    assert [one.get_any_name() for one in model.outputs] == ["cls_logits", "boxes"]
    held = {key: str(value) for key, value in model.get_rt_info(["detection_ladder"]).value.items()}
    assert json.loads(held["classes"]) == CLASSES
    assert json.loads(held["label_scores"]) == SCORES
    assert json.loads(held["model"])["options"]["channels"] == 16


def test_weights_are_not_rounded_to_float16():
    path = exported_file("combined", "openvino")
    assert 'element_type="f16"' not in path.read_text()
    weights = path.with_suffix(".bin").stat().st_size
    assert weights > 0.9 * exported_file("combined", "onnx").stat().st_size
