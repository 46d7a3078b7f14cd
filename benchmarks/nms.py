"""From the scores of all anchors to the detections of each photo."""

from benchmarks.topic import Case, Setting, Topic

SIZE, CLASSES = 224, 20
OPTIONS = {"min_score": 0.05, "nms_threshold": 0.5, "max_detections": 100}


def inputs(photos: int, columns: int, objects: int):
    """Return regressions, scores and anchors; a trained model is sure of only a few anchors.

    Args:
        photos: B.
        columns: cells a side of the finest of three grids.
        objects: in each photo; 0 gives the scores of an untrained model, all above the threshold.
    """
    import torch

    from pipeline.rungs.ssd.anchors import grid_anchors, lesson_sizes

    grids = [columns, max(1, columns // 2), max(1, columns // 4)]
    ratios = [(1.0, 1.0), (1.0, 0.5), (0.5, 1.0)]
    anchors = grid_anchors(SIZE, grids, lesson_sizes(SIZE, grids, [0.7, 1.0, 1.3], ratios))
    chance = torch.Generator().manual_seed(42)
    regressions = torch.randn(photos, len(anchors), 4, generator=chance)
    shape = (photos, len(anchors), CLASSES)
    if not objects:
        return regressions, torch.rand(shape, generator=chance) * 0.1 + 0.051, anchors
    scores = torch.rand(shape, generator=chance) * 0.049
    for photo in range(photos):
        for label in torch.randint(CLASSES, (objects,), generator=chance).tolist():
            near = torch.randint(len(anchors), (6,), generator=chance)
            scores[photo, near, label] = torch.rand(6, generator=chance) * 0.9 + 0.06
    return regressions, scores, anchors


def ours(regressions, scores, anchors):
    """Return the detections of each photo."""
    from pipeline.rungs.ssd.postprocess import suppress

    return suppress(_decode(regressions, anchors), scores, **OPTIONS)


def per_class_loop(regressions, scores, anchors):
    """Return the same with one suppression per photo and class."""
    import torch
    from torchvision.ops import nms

    from pipeline.rungs.rung import PhotoDetections

    detections = []
    for boxes, photo_scores in zip(_decode(regressions, anchors), scores, strict=True):
        kept = []
        for label in range(CLASSES):
            above = photo_scores[:, label] > OPTIONS["min_score"]
            some, score = boxes[above], photo_scores[above, label]
            best = nms(some, score, OPTIONS["nms_threshold"])
            kept.append((some[best], score[best], torch.full((len(best),), label)))
        some, score, label = (torch.cat(part) for part in zip(*kept, strict=True))
        order = score.argsort(descending=True)[: OPTIONS["max_detections"]]
        detections.append(PhotoDetections(some[order], label[order], score[order]))
    return detections


def _decode(regressions, anchors):
    from pipeline.rungs.ssd.anchors import decode_boxes

    return decode_boxes(regressions, anchors).clamp(0, SIZE)


def _setting(name: str, photos: int, columns: int, objects: int, goal: float | None) -> Setting:
    def cases() -> list[Case]:
        tensors = inputs(photos, columns, objects)
        return [
            Case("ours", "ours", lambda: ours(*tensors)),
            Case("one suppression a class", "peer", lambda: per_class_loop(*tensors)),
            Case("box decode alone", "limit", lambda: _decode(tensors[0], tensors[2])),
        ]

    return Setting(name, photos, "photos", cases, goal)


TOPIC = Topic(
    "Decode and suppression",
    (
        _setting("189 anchors, trained", 64, 4, 5, 8.0),
        _setting("9261 anchors, trained", 16, 28, 5, None),
        _setting("189 anchors, untrained", 64, 4, 0, None),
        _setting("9261 anchors, untrained", 2, 28, 0, None),
    ),
    "The same detections for trained scores (`tests/benchmarks/test_nms.py`). For an untrained "
    "model's scores ours keeps the 1000 best candidates of a photo, so the first epochs take "
    "bounded time; the loop takes them all.",
)
