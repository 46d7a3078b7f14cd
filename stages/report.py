"""Stage `report`: pictures of all that was found, right and wrong, from files alone."""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from pipeline.data.pixel_store import open_pixel_store
from pipeline.files import (
    EVALUATION,
    FIGURES,
    PARAMS,
    PIXELS,
    PREDICTIONS,
    TABLES,
    fresh_folder,
)
from pipeline.params import load_params
from pipeline.predictions import read_predictions
from pipeline.report.fonts import lettering
from pipeline.report.ladder_picture import ladder_picture
from pipeline.report.rung_pictures import Answers, Photos, draw_rung, read_answers
from pipeline.schemas import SCHEMAS, read_classes, read_table
from stages.entry import run_stage


def main() -> None:
    """Draw every rung and the ladder; write figures/RUNG/*.png and figures/ladder.png."""
    argparse.ArgumentParser(prog="python -m stages.report", description=main.__doc__).parse_args()
    params = load_params(PARAMS)
    names = [name for name in type(params.train).model_fields if name != "shared"]
    tables = {
        name: read_table(TABLES / f"{name}.parquet", schema) for name, schema in SCHEMAS.items()
    }
    images = tables.pop("images")
    ladder = [
        read_answers(name, read_predictions(PREDICTIONS / f"{name}.parquet"), EVALUATION / name)
        for name in names
    ]
    with fresh_folder(FIGURES) as folder, lettering(read_classes(images)) as letters:
        photos = Photos(images, open_pixel_store(PIXELS), tables, letters)
        draw_all(folder, ladder, photos, params.report.grid_photos)
    pictures = sum(1 for _ in FIGURES.rglob("*.png"))
    print(f"{FIGURES}: {pictures} pictures of {len(names)} rungs")
    if letters.note:
        print(letters.note)


def draw_all(folder: Path, ladder: list[Answers], photos: Photos, grid_photos: int) -> None:
    """Draw every rung and the ladder, on all cores where a process can be forked safely."""
    for answers in ladder:
        (folder / answers.rung).mkdir()
    tasks = [partial(ladder_picture, folder / "ladder.png", ladder, photos)]
    tasks += [
        partial(draw_rung, folder / answers.rung, answers, photos, grid_photos)
        for answers in sorted(ladder, key=lambda answers: answers.single)  # most pictures first
    ]
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores == 1:
        for task in tasks:
            task()
        return
    # The photos come to the forked processes as they are in memory; a task by its number.
    with ProcessPoolExecutor(
        cores, get_context("fork"), initializer=_TASKS.extend, initargs=(tasks,)
    ) as pool:
        list(pool.map(_run, range(len(tasks))))


_TASKS: list[Callable[[], None]] = []


def _run(number: int) -> None:
    _TASKS[number]()


if __name__ == "__main__":
    run_stage(main)
