"""Stage `overview`: the same photos under every rung, in one picture."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.demo.painter import CLASSES
from pipeline.predictions import predictions_table
from pipeline.rungs.registry import RUNGS
from pipeline.schemas import IMAGES_SCHEMA
from stages import overview
from stages.entry import run_stage
from tests.stages.small_project import contents, move_split, run_main, write_params

NAMES = [rung.name for rung in RUNGS]
BOX, NO_BOX = [16.0, 16.0, 48.0, 48.0], [np.nan] * 4


def said(rung: str) -> dict:
    """Return what a rung says of every photo; of the second object an SSD is not sure."""
    if "ssd" in rung:
        return {"labels": [1, 2], "scores": [0.9, 0.2], "boxes": [BOX, BOX]}
    label = -1 if rung == "bbox" else 1
    return {"labels": [label], "scores": [1.0], "boxes": [NO_BOX if rung == "classifier" else BOX]}


@pytest.fixture
def project(painted_project):
    """The painted project with predictions of every rung."""
    write_params(painted_project, evaluate__grid_score=0.5)
    images = pq.read_table("data/tables/images.parquet")
    Path("predictions").mkdir()
    for name in NAMES:
        table = predictions_table(images, [said(name)] * len(images), 64, CLASSES)
        pq.write_table(table, f"predictions/{name}.parquet")
    return painted_project


def test_the_picture_has_a_row_for_each_rung_every_time(project, capsys):
    run_main(overview)
    # One of the four photos of val is empty.
    assert capsys.readouterr().out == "figures/ladder.png: 3 photos under 6 rungs\n"
    assert list(contents(Path("figures"))) == ["ladder.png"]
    with Image.open("figures/ladder.png") as picture:
        shades = np.asarray(picture.convert("L"))
    height, width = shades.shape
    assert 6 * 448 < height < 6 * 520 and 3 * 448 < width < 3 * 480
    before = contents(Path("figures"))
    run_main(overview)
    assert contents(Path("figures")) == before
    for row in np.array_split(shades, 6):
        for cell in np.array_split(row, 3, axis=1):
            assert len(np.unique(cell)) > 10


def test_what_each_row_shows(project, monkeypatch):
    drawn = []
    monkeypatch.setattr(overview, "photo_grid", lambda path, *args, **named: drawn.append(named))
    monkeypatch.setattr(overview, "write_beside", lambda path, write: write(path))
    monkeypatch.setattr(overview, "marks_of", _noted(overview.marks_of, seen := []))
    run_main(overview)
    (named,) = drawn
    assert (named["rows"], named["columns"]) == (6, 3)
    captions = np.reshape(named["captions"], (6, 3))
    for name, row in zip(NAMES, captions, strict=True):
        assert all(caption.startswith(f"{name}: ") for caption in row)
    assert all("IoU" not in caption for caption in captions[0])
    assert all(caption.startswith("bbox: IoU ") for caption in captions[1])
    assert all("IoU " in caption for caption in captions[2])
    assert all(caption.endswith(": 1 found") for caption in captions[3:].flat)
    # The same photos under every rung, first the truth and then the prediction.
    photos = np.reshape(seen, (6, 3, 2))
    assert (photos == photos[:1, :, :1]).all()
    largest = pq.read_table("data/tables/largest.parquet").to_pylist()
    of_val = [row["image_id"] for row in largest if row["split"] == "val"]
    assert photos[0, :, 0].tolist() == of_val


def _noted(marks_of, seen):
    def noting(table, image_id, **options):
        seen.append(image_id)
        return marks_of(table, image_id, **options)

    return noting


def test_at_most_four_photos_of_val_that_have_an_object():
    splits = ["val", "train", *["val"] * 6]
    rows = [
        {"image_id": place, "file_name": "", "width": 1, "height": 1, "split": split}
        for place, split in enumerate(splits)
    ]
    images = pa.Table.from_pylist(rows, schema=IMAGES_SCHEMA)
    largest = pa.table({"image_id": pa.array([1, 2, 3, 5, 6, 7], pa.int64())})
    assert overview.chosen_rows(images, largest) == [2, 3, 5, 6]
    assert overview.chosen_rows(images, largest.slice(0, 1)) == []


def _missing():
    Path("predictions/ssd_fpn.parquet").unlink()


def _damaged():
    Path("predictions/ssd_189.parquet").write_bytes(b"PAR1")


def _empty():
    Path("predictions/bbox.parquet").write_bytes(b"")


def _no_val():
    move_split("val", "train")


def _no_pixels():
    Path("data/pixels/photos.npy").unlink()


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (_missing, "predictions/ssd_fpn.parquet: no such file; run the evaluate stage of ssd_fpn"),
        (_damaged, "predictions/ssd_189.parquet: not a Parquet file; run the evaluate stage of "),
        (_empty, "predictions/bbox.parquet: not a Parquet file; run the evaluate stage of bbox"),
        (_no_val, "data/tables: no photo of val has an object; see fetch.split in params.yaml"),
        (_no_pixels, "data/pixels/photos.npy: no such file; run the pixels stage first"),
    ],
)
def test_bad_input_is_one_line_and_the_earlier_picture_stays(
    project, monkeypatch, capsys, spoil, line
):
    Path("figures").mkdir()
    Path("figures/ladder.png").write_text("earlier")
    spoil()
    monkeypatch.setattr("sys.argv", ["overview"])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run_stage(overview.main)
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert shown.out == ""
    assert shown.err.startswith(f"error: {line}") and shown.err.count("\n") == 1
    assert contents(Path("figures")) == {"ladder.png": b"earlier"}


def test_a_failure_while_drawing_leaves_the_earlier_picture(project, monkeypatch):
    Path("figures").mkdir()
    Path("figures/ladder.png").write_text("earlier")

    def fail(path, *args, **named):
        path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(overview, "photo_grid", fail)
    with pytest.raises(KeyboardInterrupt):
        run_main(overview)
    assert contents(Path("figures")) == {"ladder.png": b"earlier"}
