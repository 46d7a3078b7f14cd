"""The result that `ladder evaluate` has left: one model on labelled photos from anywhere."""

from pathlib import Path

from pipeline.compare.sides.results import Result, RungFiles
from pipeline.other_data.result import PREDICTIONS_FILE, read_reached
from pipeline.other_data.tables import SPLIT
from pipeline.tasks import Task


def evaluated_result(name: str, folder: Path) -> Result:
    """Return the result in a folder of `ladder evaluate`, which is one rung's on one set of photos.

    Raises:
        InputError: the folder is damaged.
    """
    reached = read_reached(folder)
    tables = ("images", Task(reached.task).table)
    files = RungFiles(
        folder / PREDICTIONS_FILE,
        {table: folder / f"{table}.parquet" for table in tables},
        {"model": reached.model, "model_sha256": reached.model_sha256[:12]},
        {},
        "make it again with `ladder evaluate`",
    )
    about = f"{reached.model} on {reached.data}"
    rungs = {reached.rung: files}
    return Result(name, about, rungs, Path(reached.data), reached.rung, SPLIT)
