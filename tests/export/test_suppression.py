"""A file with suppression inside finds what `decode` finds in torch."""

import numpy as np
import pytest
import torch

from pipeline.export.onnx_file import save_onnx
from pipeline.export.parity import compare_suppressed, decoded, same_detections, suppressed
from pipeline.export.suppression import with_suppression
from pipeline.inference.engines.description import Description
from pipeline.params.params import PredictParams
from tests.exported_files import KINDS, exported_file, needs_runtimes, some_pixels, torch_engine
from tests.inference.making import EVERYTHING, spec_of

needs_runtimes()


@pytest.mark.parametrize("rung", KINDS)
def test_detections_are_those_of_torch(rung):
    reference = torch_engine(rung)
    parity = compare_suppressed(
        exported_file(rung, "onnx-nms"), reference, some_pixels(rung, 5), EVERYTHING
    )
    assert (parity.photos, parity.other) == (5, 0)


def head_only(anchors: int, classes: int):
    """Return a network in ONNX whose outputs are its inputs."""
    import onnx

    text = f"""
        <ir_version: 10, opset_import: ["" : 20]>
        head (float[batch, {anchors}, 4] given, float[batch, {anchors}, {classes}] logits)
        => (float[batch, {anchors}, 4] boxes, float[batch, {anchors}, {classes}] cls_logits)
        {{ boxes = Identity (given) cls_logits = Identity (logits) }}
    """
    return onnx.parser.parse_model(text)


@pytest.mark.parametrize("anchors", [40, 700])  # 700 x 3 scores are more than there may be
@pytest.mark.parametrize("min_score", [0.0, 0.3, 0.999])
def test_random_scores_are_suppressed_as_in_torch(anchors, min_score, tmp_path):
    import onnxruntime

    decoding = PredictParams(min_score=min_score, nms_threshold=0.45, max_detections=60)
    description = Description(spec_of("ssd_fpn"), decoding, suppressed=True)
    path = tmp_path / "a.onnx"
    save_onnx(with_suppression(head_only(anchors, 3), description), description, path)
    rng = np.random.default_rng(anchors)
    corners = rng.uniform(-5, 60, (4, anchors, 2)).astype("f4")
    boxes = np.concatenate([corners, corners + rng.uniform(4, 30, corners.shape)], -1).astype("f4")
    logits = rng.normal(0, 2, (4, anchors, 3)).astype("f4")
    outputs = {"boxes": torch.from_numpy(boxes), "cls_logits": torch.from_numpy(logits)}
    expected = decoded(outputs, description.spec, decoding)
    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    feed = {"given": boxes, "logits": logits}
    found = dict(zip(names, session.run(names, feed), strict=True))
    assert found["count"].tolist() == [len(one.scores) for one in expected]
    for photo, one in enumerate(expected):
        count = len(one.scores)
        np.testing.assert_allclose(found["boxes"][photo, :count], one.boxes, atol=1e-4)
        np.testing.assert_allclose(found["scores"][photo, :count], one.scores, atol=1e-6)
        assert found["labels"][photo, :count].tolist() == one.labels.tolist()
        assert not found["boxes"][photo, count:].any()
        assert (found["labels"][photo, count:] == -1).all()


def test_a_rung_of_the_largest_object_answers_without_a_count():
    import onnxruntime

    session = onnxruntime.InferenceSession(exported_file("combined", "onnx-nms"))
    assert [one.name for one in session.get_outputs()] == ["boxes", "labels", "scores"]
    pixels = some_pixels("combined", 2)
    reference = torch_engine("combined")
    expected = decoded(reference.run(pixels), reference.spec, EVERYTHING)
    for one, other in zip(suppressed(session, pixels), expected, strict=True):
        assert len(one.scores) == 1 and same_detections(one, other, 64)
