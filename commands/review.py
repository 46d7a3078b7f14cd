"""`ladder review`: make a page of the machine labels that a person should check first.

Examples:
  ladder review photos/new/labels.json                    the 100 most doubtful photos
  ladder review labels/labels.json --photos photos/new --number 300 --out doubtful.html

Boxes are accepted, rejected and relabelled in a browser, offline; the page exports a review.json,
which `ladder label ... --apply review.json` merges into the labels.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from commands.options.page import check_page
from commands.options.parser import command_parser, number
from pipeline.errors import InputError, counted
from pipeline.evaluate.result_files import ConfusedPair, read_rows
from pipeline.files import EVALUATION, LABEL_SCORES, MODELS, TABLES, write_beside
from pipeline.formats.labels import Labels
from pipeline.formats.read import read_labels
from pipeline.inference.label_scores import read_label_scores
from pipeline.review.order import Knowledge, by_doubt, most_confused, usual_sizes
from pipeline.review.page import PAGE_TITLE, review_page
from pipeline.schemas import SCHEMAS, read_table
from pipeline.tables.photos import with_photos


def main(arguments: Sequence[str]) -> int:
    """Write a page on which machine labels are accepted, rejected and relabelled."""
    options = _parse(arguments)
    if options.model and not options.model.is_dir():
        remedy = "name the folder of a trained model, such as models/ssd_fpn"
        raise InputError(f"--model {options.model}: no such folder; {remedy}")
    labels = labels_with_photos(options.labels, options.photos)
    if labels.scores is None:
        raise InputError(f"{options.labels}: none of its boxes has a score; give labels of a model")
    out = options.out or options.labels.with_name("review.html")
    check_page(out, PAGE_TITLE, "--out")
    model = options.model or MODELS / "ssd_fpn"
    doubts = by_doubt(labels, knowledge_of(model))[: options.number]
    files = [labels.photos / photo for photo in labels.images["photo"].to_pylist()]
    page = review_page(labels, doubts, files)
    write_beside(out, lambda path: path.write_text(page, encoding="utf-8"))
    print(
        f"{out}: {len(doubts)} of {counted(len(labels.images), 'photo')}, {len(page) / 1e6:.1f} MB"
    )
    return 0


def labels_with_photos(file: Path, photos: Path | None) -> Labels:
    """Return the labels in a file, each image with its photo.

    Args:
        file: labels in any single-file format.
        photos: the folder of the photos; None for the file's folder.

    Raises:
        InputError: the labels cannot be read, or a photo is missing.
    """
    if not file.is_file():
        remedy = "name a file, such as the labels.json that `ladder label` writes"
        raise InputError(f"{file}: {'is a folder' if file.is_dir() else 'no such file'}; {remedy}")
    labels = read_labels(file.parent, labels=file.name)
    folder = photos or labels.photos
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name that of the photos with --photos")
    try:
        return with_photos(replace(labels, photos=folder), folder)
    except InputError as error:
        if photos:
            raise
        raise error.reworded(lambda words: f"{words}; --photos names their folder") from None


def knowledge_of(model: Path) -> Knowledge:
    """Return what the project knows about a model's mistakes and data; empty without its files."""
    evaluation = model.parent.parent / EVALUATION / model.name
    confusion, objects = evaluation / "confusion.csv", TABLES / "objects.parquet"
    return Knowledge(
        label_scores=read_label_scores(evaluation / LABEL_SCORES),
        confused=most_confused(read_rows(confusion, ConfusedPair)) if confusion.is_file() else {},
        usual_sizes=(
            usual_sizes(read_table(objects, SCHEMAS["objects"])) if objects.is_file() else {}
        ),
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("labels", metavar="LABELS", type=Path, help="a file from `ladder label`")
    parser.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="the photos' folder (default: that of LABELS)"
    )
    parser.add_argument(
        "--number",
        type=number(int, 1),
        default=100,
        metavar="N",
        help="photos on the page (%(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (default: review.html next to LABELS)"
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="the model that labelled; its scores and confusions rank the doubtful "
        "(default: models/ssd_fpn, if it is there)",
    )
    return parser.parse_args(arguments)
