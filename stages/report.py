"""Stage `report`: draws predictions, results and errors, from files only."""

import argparse
import shutil
from pathlib import Path

from pipeline.data.pixel_store import open_pixel_store
from pipeline.errors import counted
from pipeline.files import (
    AUGMENTED,
    EVALUATION,
    FIGURES,
    FINDINGS,
    PARAMS,
    PIXELS,
    PLOTS,
    PREDICTIONS,
    REPORT,
    TABLES,
    fresh_folder,
)
from pipeline.findings import read_findings
from pipeline.params.params import load_params
from pipeline.predictions import read_predictions
from pipeline.processes import on_all_cores
from pipeline.report.answers import Answers, DrawnPhotos, read_answers
from pipeline.report.augmented import augmented_picture
from pipeline.report.fonts import lettering
from pipeline.report.ladder_picture import ladder_picture
from pipeline.report.pages.data_page import data_line, data_page
from pipeline.report.pages.ladder_markdown import ladder_markdown
from pipeline.report.pages.ladder_page import ladder_page
from pipeline.report.rung_pictures import draw_rung
from pipeline.schemas import SCHEMAS, read_classes, read_table
from stages.entry import run_stage

# Files of `evaluation/RUNG` for `dvc plots`.
_PLOTTED = ("history", "ap_by_class", "ap_by_size", "anchor_fit", "errors", "confusion")


def main() -> None:
    """Draw every rung and the ladder; write figures, plots and the pages of report/."""
    argparse.ArgumentParser(prog="python -m stages.report", description=main.__doc__).parse_args()
    params = load_params(PARAMS)
    names = params.rung_names
    tables = {
        name: read_table(TABLES / f"{name}.parquet", schema) for name, schema in SCHEMAS.items()
    }
    images, findings = tables.pop("images"), read_findings(FINDINGS)
    ladder = [
        read_answers(name, read_predictions(PREDICTIONS / f"{name}.parquet"), EVALUATION / name)
        for name in names
    ]
    pixels = open_pixel_store(PIXELS)
    html = data_page(findings, images, tables["objects"], pixels, params.report.grid_photos)
    with fresh_folder(FIGURES) as folder, lettering(read_classes(images)) as letters:
        photos = DrawnPhotos(images, pixels, tables, letters)

        def draw(answers: Answers) -> None:
            (folder / answers.rung).mkdir()
            draw_rung(folder / answers.rung, answers, photos, params.report.grid_photos)
            seen = AUGMENTED / f"{answers.rung}.npy"
            augmented_picture(folder / answers.rung / "augmented.png", seen, photos, answers.rung)

        on_all_cores(draw, ladder)
        ladder_picture(folder / "ladder.png", ladder, photos)
    with fresh_folder(PLOTS) as folder:
        copy_plots(folder, names)
    data = data_line(images, tables["objects"])
    with fresh_folder(REPORT) as folder:
        (folder / "data.html").write_text(html, encoding="utf-8")
        (folder / "index.html").write_text(
            ladder_page(ladder, FIGURES, findings.lines, data), encoding="utf-8"
        )
        (folder / "report.md").write_text(
            ladder_markdown(ladder, findings.lines, data), encoding="utf-8"
        )
    pictures = sum(1 for _ in FIGURES.rglob("*.png"))
    print(f"{FIGURES}: {counted(pictures, 'picture')} of {counted(len(names), 'rung')}")
    print(f"{REPORT / 'index.html'}: the ladder; report.md for a pull request; data.html the data")
    if letters.note:
        print(letters.note)


def copy_plots(folder: Path, rungs: list[str]) -> None:
    """Write KIND/RUNG.csv for `dvc plots`.

    A folder per kind needs one entry in `dvc.yaml` for any number of rungs, and each file in it
    becomes a separate plot.
    """
    for kind in _PLOTTED:
        (folder / kind).mkdir()
        for rung in rungs:
            source = EVALUATION / rung / f"{kind}.csv"
            if source.is_file():
                shutil.copyfile(source, folder / kind / f"{rung}.csv")


if __name__ == "__main__":
    run_stage(main)
