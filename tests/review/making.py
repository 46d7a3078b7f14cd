"""Labels of a model for three photos."""

from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes

CLASSES = ["cat", "dog"]


def machine_labels(folder: Path, extra: str = "c.jpg") -> Labels:
    """Return labels of a model for photos of 60 x 40 in `folder`, which are written.

    `a.jpg` has a certain cat, `b.jpg` a dog that is hardly one and a certain cat; the third none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for name in ("a.jpg", "b.jpg", extra):
        Image.new("RGB", (60, 40), "grey").save(folder / name)
        images.append({"file_name": name, "width": 60, "height": 40})
    boxes = [
        LabelledBox(0, "cat", [10, 10, 20, 20], score=0.95),
        LabelledBox(1, "dog", [5, 5, 30, 30], score=0.45),
        LabelledBox(1, "cat", [30, 10, 20, 20], score=0.9),
    ]
    return labels_of_boxes(folder / "labels.json", folder, images, boxes, classes=CLASSES)


def places(labels: Labels) -> list[tuple[int, str, float]]:
    """Return row, class and score of each object, -1 for one that a person has labelled."""
    scores = np.nan_to_num(labels.scores, nan=-1).round(2).tolist()
    names = [labels.classes[label] for label in labels.labels]
    return list(zip(labels.rows.tolist(), names, scores, strict=True))
