"""Decoding and suppression as part of an ONNX file, for runtimes without this project.

They are those of the rungs' `decode`: sigmoid and suppression within each class where a rung finds
every object, softmax and the best class where it finds the largest.
"""

from typing import TYPE_CHECKING

from pipeline.inference.engines.description import Description
from pipeline.inference.engines.extra import needs_extra
from pipeline.params.params import PredictParams
from pipeline.rungs.ssd.postprocess import MAX_CANDIDATES
from pipeline.tasks import Task

if TYPE_CHECKING:
    import onnx

_NETWORK = "network/"

# The scores of boxes that are suppressed or no candidates become 0; those above `min_score` count.
_EVERY_OBJECT = """
detections (float[batch, A, 4] boxes_in, float[batch, A, C] cls_logits_in)
=> (float[batch, K, 4] boxes, int64[batch, K] labels, float[batch, K] scores, int64[batch] count)
<float zero = {{0.0}}, float side = {{{side}}}, float[1] min_score = {{{min_score}}},
 float[1] nms_threshold = {{{nms_threshold}}}, int64[1] keep = {{{keep}}},
 int64[1] candidates = {{{candidates}}}, int64[2] flat = {{0, -1}},
 int64[3] by_class = {{0, {classes}, {anchors}}}, int64[1] anchors = {{{anchors}}},
 int64[1] last = {{-1}}, int64 unknown = {{-1}}>
{{
    inside = Clip (boxes_in, zero, side)
    by_anchor = Sigmoid (cls_logits_in)
    of_classes = Transpose <perm = [0, 2, 1]> (by_anchor)
    all_scores = Reshape (of_classes, flat)
    best, best_places = TopK (all_scores, candidates)
    no_score = Mul (all_scores, zero)
    best_alone = ScatterElements <axis = 1> (no_score, best_places, best)
    candidate_scores = Reshape (best_alone, by_class)
    places = NonMaxSuppression (inside, candidate_scores, keep, nms_threshold, min_score)
    place_scores = GatherND (candidate_scores, places)
    no_score_by_class = Reshape (no_score, by_class)
    kept_by_class = ScatterND (no_score_by_class, places, place_scores)
    kept = Reshape (kept_by_class, flat)
    kept_scores, kept_places = TopK (kept, keep)
    is_found = Greater (kept_scores, min_score)
    scores = Where (is_found, kept_scores, zero)
    kept_labels = Div (kept_places, anchors)
    labels = Where (is_found, kept_labels, unknown)
    kept_anchors = Mod (kept_places, anchors)
    anchor_column = Unsqueeze (kept_anchors, last)
    kept_boxes = GatherND <batch_dims = 1> (inside, anchor_column)
    found_column = Unsqueeze (is_found, last)
    boxes = Where (found_column, kept_boxes, zero)
    ones = Cast <to = 7> (is_found)
    count = ReduceSum <keepdims = 0> (ones, last)
}}
"""
_BEST_CLASS = """
    probabilities = Softmax <axis = 1> (cls_logits_in)
    scores = ReduceMax <keepdims = 0> (probabilities, last)
    labels = ArgMax <axis = 1, keepdims = 0> (probabilities)
"""
_BOX = "    boxes = Identity (boxes_in)\n"


def with_suppression(network: "onnx.ModelProto", description: Description) -> "onnx.ModelProto":
    """Return a network in ONNX whose outputs are detections.

    Args:
        network: in ONNX, with the outputs of a rung's model.
        description: of the file.

    Returns:
        for a rung that finds every object `boxes` `(B, K, 4)` xyxy in input pixels, `labels`
        `(B, K)`, `scores` `(B, K)` descending and `count` `(B,)`: rows from `count` on are zeros
        with label -1. For one that finds the largest, those that it predicts of `boxes` `(B, 4)`,
        `labels` and `scores` `(B,)`.

    Raises:
        InputError: the packages for it are not installed.
    """
    with needs_extra("--format onnx-nms"):
        import onnx

    task = Task(description.spec.task)
    if task.every_object:
        graph = _every_object(network, description.spec.image_size, description.decoding)
    else:
        graph = _largest_object(task)
    [opset] = network.opset_import
    header = f'<ir_version: {network.ir_version}, opset_import: ["" : {opset.version}]>'
    prefixed = onnx.compose.add_prefix(network, _NETWORK, rename_inputs=False)
    joined = [(output.name, _inner(output.name)) for output in prefixed.graph.output]
    return onnx.compose.merge_models(prefixed, onnx.parser.parse_model(header + graph), joined)


def _inner(output: str) -> str:
    return f"{output.removeprefix(_NETWORK)}_in"


def _every_object(network: "onnx.ModelProto", side: int, decoding: PredictParams) -> str:
    [logits] = [one for one in network.graph.output if one.name == "cls_logits"]
    _, anchors, classes = (dim.dim_value for dim in logits.type.tensor_type.shape.dim)
    return _EVERY_OBJECT.format(
        side=float(side),
        min_score=float(decoding.min_score),
        nms_threshold=float(decoding.nms_threshold),
        keep=min(decoding.max_detections, anchors * classes),
        candidates=min(MAX_CANDIDATES, anchors * classes),
        anchors=anchors,
        classes=classes,
    )


def _largest_object(task: Task) -> str:
    inputs, outputs, nodes = [], [], ""
    if task.answers_box:
        inputs.append("float[batch, 4] boxes_in")
        outputs.append("float[batch, 4] boxes")
        nodes += _BOX
    if task.answers_class:
        inputs.append("float[batch, C] cls_logits_in")
        outputs += ["int64[batch] labels", "float[batch] scores"]
        nodes += _BEST_CLASS
    head = f"largest ({', '.join(inputs)}) => ({', '.join(outputs)})"
    return f"{head} <int64[1] last = {{-1}}> {{\n{nodes}}}\n"
