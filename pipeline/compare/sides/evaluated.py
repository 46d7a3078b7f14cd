"""A result of `ladder evaluate`: one model on labelled photos from anywhere."""

from pathlib import Path

from pipeline.compare.sides.results import RungFiles, Side
from pipeline.other_data.result import PREDICTIONS_FILE, about, read_evaluation
from pipeline.other_data.tables import EVALUATED_SPLIT
from pipeline.tasks import Task


def evaluated_result(name: str, folder: Path) -> Side:
    """Return the result in a folder of `ladder evaluate`: one rung on one set of photos.

    Raises:
        InputError: the folder is damaged.
    """
    evaluation = read_evaluation(folder)
    tables = ("images", Task(evaluation.task).table)
    files = RungFiles(
        folder / PREDICTIONS_FILE,
        {table: folder / f"{table}.parquet" for table in tables},
        {"model": evaluation.model, "model_sha256": evaluation.model_sha256[:12]},
        {},
        "make it again with `ladder evaluate`",
    )
    what = about(evaluation.model, evaluation.data, evaluation.split)
    rungs = {evaluation.rung: files}
    return Side(name, what, rungs, Path(evaluation.data), evaluation.rung, EVALUATED_SPLIT)
