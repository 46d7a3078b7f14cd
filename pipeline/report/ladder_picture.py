"""Stage `overview`: the same photos as every rung of the ladder sees them, in one picture."""

import argparse
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.data.inputs import PARAMS, PIXELS, TABLES
from pipeline.data.pixel_store import open_pixel_store
from pipeline.errors import InputError
from pipeline.files import write_beside
from pipeline.params import load_params
from pipeline.report.marks import marks_of
from pipeline.report.photo_grid import photo_grid, verdict
from pipeline.rungs.registry import RUNGS, Rung
from pipeline.schemas import SCHEMAS, read_classes, read_table
from stages.entry import run_stage

OUTPUT = Path("figures/ladder.png")
_COLUMNS = 4


def main() -> None:
    """Draw four val photos under each rung; write figures/ladder.png."""
    argparse.ArgumentParser(
        prog="python -m pipeline.report.ladder_picture", description=main.__doc__
    ).parse_args()
    score = load_params(PARAMS).evaluate.grid_score
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    tables = {
        name: read_table(TABLES / f"{name}.parquet", SCHEMAS[name])
        for name in ("largest", "objects")
    }
    rows = chosen_rows(images, tables["largest"])
    if not rows:
        raise InputError(f"{TABLES}: no photo of val has an object; see fetch.split in params.yaml")
    cells = [cell for rung in RUNGS for cell in row_of_rung(rung, images.take(rows), tables, score)]
    truths, predicted, captions = zip(*cells, strict=True)
    pixels = open_pixel_store(PIXELS)
    chosen = images.take(rows)
    sizes = list(zip(chosen["width"].to_pylist(), chosen["height"].to_pylist(), strict=True))

    def draw(path: Path) -> None:
        photo_grid(
            path,
            [pixels[row] for row in rows] * len(RUNGS),
            truths,
            predicted,
            names=read_classes(images),
            title="the ladder: what each rung sees in photos it has not learnt from",
            captions=captions,
            sizes_wh=sizes * len(RUNGS),
            rows=len(RUNGS),
            columns=len(rows),
        )

    write_beside(OUTPUT, draw)
    print(f"{OUTPUT}: {len(rows)} photos under {len(RUNGS)} rungs")


def chosen_rows(images: pa.Table, largest: pa.Table) -> list[int]:
    """Return the rows of the first val photos that have a largest object."""
    usable = pc.and_(
        pc.equal(images["split"].cast(pa.string()), "val"),
        pc.is_in(images["image_id"], largest["image_id"]),
    )
    return [row for row, chosen in enumerate(usable.to_pylist()) if chosen][:_COLUMNS]


def row_of_rung(rung: Rung, images: pa.Table, tables: dict[str, pa.Table], score: float) -> list:
    """Return truth, prediction and caption of each photo for one rung."""
    predictions = read_predictions(rung.name)
    names, cells = read_classes(images), []
    single = rung.table == "largest"
    for image_id in images["image_id"].to_pylist():
        truth = marks_of(tables[rung.table], image_id)
        found = marks_of(predictions, image_id, lowest_score=0 if single else score)
        said = verdict(truth, found, names)[0] if single else f"{len(found.labels)} found"
        cells.append((truth, found, f"{rung.name}: {said}"))
    return cells


def read_predictions(rung: str) -> pa.Table:
    """Return what a rung said of every photo; without its file, or a sound one, `InputError`."""
    path = Path("predictions") / f"{rung}.parquet"
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the evaluate stage of {rung} first") from None
    except pa.ArrowInvalid:
        raise InputError(
            f"{path}: not a Parquet file; run the evaluate stage of {rung} again"
        ) from None


if __name__ == "__main__":
    run_stage(main)
