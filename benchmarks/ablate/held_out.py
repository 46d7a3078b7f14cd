"""A set of photos without those of val and test, so that no study can be tuned to them."""

import json
import shutil
from pathlib import Path

from pipeline.files import SOURCE, TABLES, fresh_folder
from pipeline.formats.pascal.parts import new_annotation, new_pascal
from pipeline.schemas import SCHEMAS, box_columns, of_split, read_classes, read_table


def write_train_photos(project: Path, folder: Path) -> int:
    """Write the photos of train of a project and their labels, Pascal JSON; return how many.

    Args:
        project: its stages fetch and tables have run.
        folder: is made, or replaced.
    """
    images, objects = (
        of_split(read_table(project / TABLES / f"{name}.parquet", SCHEMAS[name]), "train")
        for name in ("images", "objects")
    )
    corners = box_columns(objects).astype(float)
    corners[:, 2:] -= corners[:, :2]
    chosen = (objects[name].to_pylist() for name in ("image_id", "label", "ignore"))
    rows = zip(*chosen, corners.tolist(), strict=True)
    annotations = [
        new_annotation(number, image, label + 1, box, int(ignore))
        for number, (image, label, ignore, box) in enumerate(rows, 1)
    ]
    columns = images.select(["image_id", "file_name", "width", "height"])
    pictures = columns.rename_columns(["id", "file_name", "width", "height"]).to_pylist()
    places = zip(images["file_name"].to_pylist(), images["photo"].to_pylist(), strict=True)
    with fresh_folder(folder) as beside:
        for name, photo in places:
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(project / SOURCE / photo, beside / name)
        labels = new_pascal(pictures, annotations, read_classes(images), "object")
        (beside / "labels.json").write_text(json.dumps(labels))
    return len(images)
