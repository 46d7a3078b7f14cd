"""A study sees the photos of train and no other."""

from collections import Counter

from benchmarks.ablate.held_out import write_train_photos
from pipeline.formats.read import read_labels
from pipeline.schemas import SCHEMAS, box_columns, of_split, read_classes, read_table


def test_photos_of_train_with_their_labels(painted_project, tmp_path):
    images, objects = (
        read_table(tmp_path / f"data/tables/{name}.parquet", SCHEMAS[name])
        for name in ("images", "objects")
    )
    of_train = set(of_split(images, "train")["file_name"].to_pylist())
    assert len(of_train) < len(images)
    assert write_train_photos(tmp_path, tmp_path / "study") == len(of_train)
    kept = tmp_path / "study"
    there = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
    assert there == of_train | {"labels.json"}
    labels = read_labels(kept)
    assert labels.classes == read_classes(images)
    mine = of_split(objects, "train")
    assert Counter(labels.labels.tolist()) == Counter(mine["label"].to_pylist())
    corners = labels.boxes.copy()
    corners[:, 2:] += corners[:, :2]
    assert sorted(corners.tolist()) == sorted(box_columns(mine).astype(float).tolist())
