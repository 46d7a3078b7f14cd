"""`ladder evaluate`: measure a finished model on other labelled photos.

Examples:
  ladder evaluate photos/mine                          models/ssd_fpn, evaluated/mine-ssd_fpn
  ladder evaluate photos/mine --model exports/ssd_fpn.onnx
  ladder evaluate photos/mine --model models:/ssd_fpn@champion --out evaluated/champion
  ladder evaluate photos/coco --labels val.json --rename automobile=car
  ladder compare evaluated/mine-ssd_189 evaluated/mine-ssd_fpn    two models on the same photos

The labels may be in any format that the project reads, and are read as the tables stage does.
Classes are matched to the model's by name; objects of other classes are left out and counted. The
command cannot know whether the model was trained on these photos; if so, the figures are too good.
"""

import argparse
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np

from commands.options.model import add_model, model_folder
from commands.options.parser import command_parser
from pipeline.data.pixel_store import open_pixel_store
from pipeline.evaluate.score import Scores, score_split, splits_of
from pipeline.evaluate.write_results import (
    write_confusion_of_largest,
    write_intervals,
    write_objects,
)
from pipeline.files import EVALUATED, PARAMS
from pipeline.inference.described_model import DescribedModel, describe_model, model_digest
from pipeline.inference.label_scores import thresholds
from pipeline.inference.mlflow_model import is_mlflow_uri
from pipeline.other_data.classes import onto_classes
from pipeline.other_data.labelled import opened, read_labelled
from pipeline.other_data.labels_digest import labels_digest
from pipeline.other_data.result import (
    MAKER,
    PAGE_FILE,
    PICTURES,
    RESULTS,
    EvaluationInputs,
    LabelScoreSource,
    ModelEvaluation,
    check_is_same,
    check_out,
    class_figures,
    result_folder,
    rounded_or_none,
    write_evaluation,
    write_tables,
)
from pipeline.other_data.tables import measured_photos, notes_on, objects_to_find, tables_to_measure
from pipeline.other_data.terminal import print_evaluation
from pipeline.params.fetch import Format
from pipeline.params.params import Params, load_params
from pipeline.predictions import Predictions, check_boxes
from pipeline.tables.build import Tables
from pipeline.tasks import Task


def main(arguments: Sequence[str]) -> int:
    """Measure a finished model on a folder of labelled photos, and write a page about it."""
    options = _parse(arguments)
    params = load_params(PARAMS)
    out: Path = options.out or EVALUATED / name_of(options.folder, options.split, options.model)
    models = [] if is_mlflow_uri(options.model) else [Path(options.model)]
    check_out(out, [options.folder, *models])
    for one in models:  # so a mistyped name fails before labels are read
        check_is_same(out, asked_by(options, model_digest(one)))
    with result_folder(out.resolve()) as folder:  # follow a symlink instead of replacing it
        pixels = folder / "pixels" / "photos.npy"
        model, inputs, tables, predictions = answers_of(options, out, pixels, params)
        write_tables(folder, tables, predictions)
        scores = write_results(folder / RESULTS, tables, predictions, model.label_scores)
        evaluation = evaluation_of(model, inputs, tables, scores, folder / RESULTS)
        write_evaluation(folder, evaluation)
        write_page(folder, evaluation, tables, predictions, pixels, params.report.grid_photos)
        shutil.rmtree(pixels.parent)
    print_evaluation(evaluation)
    print(f"{out / PAGE_FILE}: a page with pictures, opened by any browser")
    return 0


def answers_of(
    options: argparse.Namespace, out: Path, pixels: Path, params: Params
) -> tuple[DescribedModel, EvaluationInputs, Tables, Predictions]:
    """Read labels and model; return the model, its inputs, the tables and the predictions."""
    with opened(options.folder, pixels.parent.with_name("unpacked")) as place:
        labels = read_labelled(
            place, options.format, options.labels, turn=options.turn, split=options.split
        )
        with model_folder(options.model) as source:
            model = describe_model(source)
            inputs = asked_by(options, model.digest, labels_digest(labels))
            check_is_same(out, inputs)
            labels = onto_classes(
                labels, model.spec.classes, dict(options.rename), Task(model.spec.task)
            )
            tables = tables_to_measure(labels)
            return model, inputs, tables, predict_all(model, place, tables, pixels, params)


def asked_by(
    options: argparse.Namespace, model_sha256: str, labels_sha256: str = ""
) -> EvaluationInputs:
    """Return what is to be measured, with the SHA-256 of model and labels."""
    return EvaluationInputs(
        model=options.model,
        model_sha256=model_sha256,
        data=str(options.folder),
        split=options.split,
        labels=options.labels,
        format=options.format,
        turn=options.turn,
        rename=dict(options.rename),
        labels_sha256=labels_sha256,
    )


def name_of(folder: Path, split: str, model: str) -> str:
    """Return the name of a result: the names of the folder, the split and the model.

    >>> name_of(Path("photos/mine"), "val", "models:/ssd_fpn@champion")
    'mine-val-ssd_fpn-champion'
    """
    of_model = model.partition(":/")[2] if is_mlflow_uri(model) else Path(model).resolve().name
    names = [folder.resolve().name, split, of_model]
    return re.sub(r"[^\w.]+", "-", "-".join(filter(None, names))).strip("-")


def predict_all(
    model: DescribedModel, place: Path, tables: Tables, pixels: Path, params: Params
) -> Predictions:
    """Return a model's predictions for the photos of the tables.

    Args:
        model: of any task.
        place: the folder that the photos' paths are relative to.
        tables: of the photos.
        pixels: the file to write, with the photos in the size of the model's input.
        params: of the project, for the device and for which outputs become detections.

    Raises:
        InputError: the model is damaged, or a photo cannot be decoded or has another size than in
            the labels.
    """
    from pipeline.data.pixels import build_pixel_store
    from pipeline.inference.predict_photos import predict_photos

    detector = model.detector(params.train.shared.device, params.predict)
    images = tables.images
    build_pixel_store(
        [place / photo for photo in images["photo"].to_pylist()],
        np.stack([images[side].to_numpy() for side in ("width", "height")], -1),
        pixels,
        model.spec.image_size,
        turned=images["turned"].to_numpy(),
    )
    found = predict_photos(detector, images, open_pixel_store(pixels, len(images)))
    predictions = Predictions(found, Task(model.spec.task), detector.classes)
    check_boxes(predictions, model.spec.rung)
    return predictions


def write_results(
    folder: Path, tables: Tables, predictions: Predictions, label_scores: Mapping[str, float]
) -> Scores:
    """Write the evaluate stage's files for one split into a new folder; return the metrics.

    Detections above the model's label scores count as labels; if it has none, above the scores
    that fit these photos best.
    """
    folder.mkdir()
    task, classes = predictions.task, predictions.classes
    [split] = splits_of(predictions, tables.images, tables.by_name[task.table])
    scores = score_split(split, task, len(classes))
    write_intervals(folder, [split], [scores], len(classes))
    if task.every_object:
        own = thresholds(classes, label_scores) if label_scores else None
        write_objects(folder, split, scores, classes, own)
    elif task.answers_class:
        write_confusion_of_largest(folder, split, classes)
    return scores


def evaluation_of(
    model: DescribedModel,
    inputs: EvaluationInputs,
    tables: Tables,
    scores: Scores,
    results: Path,
) -> ModelEvaluation:
    """Return the figures of a model and all that a reader must know about them."""
    task = Task(model.spec.task)
    return ModelEvaluation(
        **vars(inputs),
        made_by=MAKER,
        rung=model.spec.rung,
        task=task.value,
        processor=model.spec.processor,
        photos=measured_photos(tables, task),
        objects=objects_to_find(tables),
        metrics={name: rounded_or_none(scores.metrics[name]) for name in task.metrics},
        intervals={
            name: (rounded_or_none(a), rounded_or_none(b))
            for name, (a, b) in scores.intervals.items()
        },
        classes=class_figures(results),
        label_scores=label_scores_of(model),
        notes=notes_on(tables, task),
    )


def label_scores_of(model: DescribedModel) -> LabelScoreSource | None:
    """Return where the label scores come from; None for a model of the largest object."""
    if not Task(model.spec.task).every_object:
        return None
    return "of the model" if model.label_scores else "best here"


def write_page(
    folder: Path,
    evaluation: ModelEvaluation,
    tables: Tables,
    predictions: Predictions,
    pixels: Path,
    grid_photos: int,
) -> None:
    """Draw the pictures and write the page that embeds them."""
    # These import matplotlib, which the figures do not need.
    from pipeline.other_data.page import evaluation_page
    from pipeline.other_data.pictures import draw_answers
    from pipeline.report.answers import DrawnPhotos, read_answers
    from pipeline.report.fonts import lettering

    (folder / PICTURES).mkdir()
    answers = read_answers(evaluation.rung, predictions, folder / RESULTS)
    truths = {"objects": tables.objects, "largest": tables.largest}
    with lettering(predictions.classes) as letters:
        photos = DrawnPhotos(tables.images, open_pixel_store(pixels), truths, letters)
        draw_answers(folder / PICTURES, answers, photos, grid_photos)
    page = evaluation_page(evaluation, answers, folder / PICTURES)
    (folder / PAGE_FILE).write_text(page, encoding="utf-8")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="folder with photos and labels")
    add_model(parser)
    parser.add_argument(
        "--format",
        choices=get_args(Format),
        default="auto",
        metavar="FORMAT",
        help=f"of the labels: {', '.join(get_args(Format))} (%(default)s)",
    )
    parser.add_argument(
        "--labels", default="", metavar="FILE", help="the file in FOLDER, if there are several"
    )
    parser.add_argument(
        "--turn",
        choices=("auto", "exif", "stored"),
        default="auto",
        help="labels are on photos as EXIF turns them, or as stored (%(default)s: by the labels)",
    )
    parser.add_argument(
        "--split", default="", metavar="NAME", help="only photos in this split of the labels"
    )
    parser.add_argument(
        "--rename",
        action="append",
        default=[],
        type=_pair,
        metavar="OLD=NEW",
        help="the model's name for a class of the labels; may be given several times",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="folder of the result (default: evaluated/NAME-SPLIT-MODEL)",
    )
    options = parser.parse_args(arguments)
    renamed = [old for old, _ in options.rename]
    if twice := [old for old in renamed if renamed.count(old) > 1]:
        parser.error(f"--rename: {twice[0]} is renamed twice; give it one name")
    return options


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"must be OLD=NEW: {text}")
    return old, new
