"""Labels go through Label Studio's own converter and come back without a shifted pixel.

Needs an interpreter with `label-studio-sdk`, whose 40 dependencies are not worth a place in the
lock: `python3 -m venv sdk && sdk/bin/pip install label-studio-sdk==2.1.2`, then
`LABEL_STUDIO_PYTHON=sdk/bin/python make test ARGS=tests/formats/label_studio`.
"""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from pipeline.formats.label_studio.writer import write_label_studio
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.read import read_labels
from pipeline.tables.photos import with_photos

PYTHON = os.environ.get("LABEL_STUDIO_PYTHON", "")
CONFIG = """<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">
<Label value="cat"/><Label value="dog"/></RectangleLabels></View>"""
CONVERT = """
import sys
from label_studio_sdk.converter.converter import Converter
config, tasks, out = sys.argv[1:]
converter = Converter(config, project_dir=None)
converter.convert_to_coco(tasks, f"{out}/coco", is_dir=False)
converter.convert_to_yolo(tasks, f"{out}/yolo", is_dir=False)
"""
STORED = {"a.jpg": ((90, 60), 1), "b.jpg": ((90, 60), 6), "c.jpg": ((90, 60), 3)}

pytestmark = pytest.mark.skipif(not PYTHON, reason="LABEL_STUDIO_PYTHON names no interpreter")


def photos_and_labels(root: Path) -> Labels:
    """Write photos, two of them rotated by EXIF; return labels on what viewers show."""
    images, boxes = [], []
    for row, (name, (size, orientation)) in enumerate(STORED.items()):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        Image.new("RGB", size).save(root / name, exif=exif)
        width, height = size if orientation < 5 else size[::-1]
        images.append({"file_name": name, "width": width, "height": height, "split": None})
        boxes.append(LabelledBox(row, "cat", (1.37, 2, 30.5, 20.25), score=0.5))
        boxes.append(LabelledBox(row, "dog", (width - 12.4, height - 33, 12.4, 33), score=0.75))
    return labels_of_boxes(root, root, images, boxes)


def accepted(tasks: Path, out: Path) -> None:
    """Write what Label Studio exports if a person accepts all predictions unchanged."""
    exported = []
    for number, task in enumerate(json.loads(tasks.read_text()), 1):
        result = task.pop("predictions")[0]["result"]
        annotation = {"id": number, "completed_by": 1, "was_cancelled": False, "result": result}
        exported.append({"id": number, "annotations": [annotation], **task})
    out.write_text(json.dumps(exported))


def named_boxes(labels: Labels) -> dict[tuple[str, str], list[float]]:
    # The converter puts a random word before the name of a photo.
    names = [name.rpartition("_")[2] for name in labels.images["file_name"].to_pylist()]
    return {
        (names[row], labels.classes[label]): box
        for row, label, box in zip(
            labels.rows.tolist(), labels.labels.tolist(), labels.boxes.tolist(), strict=True
        )
    }


def test_its_export_its_coco_and_its_yolo_have_the_same_boxes(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    labels = photos_and_labels(photos)
    write_label_studio([labels], tmp_path / "tasks.json")
    accepted(tmp_path / "tasks.json", photos / "export.json")
    (tmp_path / "config.xml").write_text(CONFIG)
    words = [PYTHON, "-c", CONVERT, *map(str, (tmp_path / "config.xml", photos / "export.json"))]
    served = {"LOCAL_FILES_SERVING_ENABLED": "true", "LOCAL_FILES_DOCUMENT_ROOT": str(photos)}
    subprocess.run([*words, str(tmp_path)], env=os.environ | served, check=True)
    wanted = named_boxes(replace(labels, scores=None))
    folders = {"label-studio": photos}
    folders |= {kind: tmp_path / kind for kind in ("coco", "yolo")}
    for kind, folder in folders.items():
        found = with_photos(read_labels(folder), folder)
        assert found.images["turned"].to_pylist() == [True] * 3, kind
        found = named_boxes(found)
        assert found.keys() == wanted.keys(), kind
        for key, box in found.items():
            np.testing.assert_allclose(box, wanted[key], atol=0.01, err_msg=f"{kind} {key}")
