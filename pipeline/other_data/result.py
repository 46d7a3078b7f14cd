"""The result of `ladder evaluate`: a folder whose `metrics.json` says what was measured on what."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.evaluate.result_files import ClassAp, read_rows
from pipeline.files import fresh_folder
from pipeline.predictions import Predictions
from pipeline.reading.parquet_file import write_parquet
from pipeline.tables.build import Tables

METRICS_FILE, PREDICTIONS_FILE, PAGE_FILE = "metrics.json", "predictions.parquet", "index.html"
RESULTS, PICTURES = "results", "pictures"  # folders
_TABLES = ("images.parquet", "objects.parquet", "largest.parquet")
_NAMES = {METRICS_FILE, PREDICTIONS_FILE, PAGE_FILE, RESULTS, PICTURES, *_TABLES}
LabelScoreSource = Literal["of the model", "best here"]
Maker = Literal["ladder evaluate"]
MAKER: Maker = "ladder evaluate"
_DIGITS = 5


@dataclass(frozen=True)
class ClassFigure:
    """A class of the model: its average precision, null without objects, and its objects."""

    ap: float | None
    objects: int


@dataclass(frozen=True, kw_only=True)
class EvaluationInputs:
    """Which model is measured on what; a result replaces only one of the same inputs.

    Attributes:
        model: as the user named it.
        model_sha256: of the files that determine its predictions.
        data: the folder of the photos.
        split: of them, as the labels call it; empty for all.
        labels: the file that holds the labels; empty for all.
        format: of the labels, as it was asked for.
        turn: see `with_turns`.
        rename: what the model calls a class, by its name in the labels.
        labels_sha256: of the content of the labels, see `labels_digest`; empty if unknown, such as
            before they are read.
    """

    model: str
    model_sha256: str
    data: str
    split: str
    # Earlier versions did not record the following; their results count as made with the defaults.
    labels: str = ""
    format: str = "auto"
    turn: str = "auto"
    rename: dict[str, str] = field(default_factory=dict)
    labels_sha256: str = ""


_OPTIONS = ("labels", "format", "turn", "rename")
_WITHOUT_OPTIONS = vars(EvaluationInputs(model="", model_sha256="", data="", split=""))


@dataclass(frozen=True, kw_only=True)
class ModelEvaluation(EvaluationInputs):
    """What a model achieved on labelled photos.

    Attributes:
        made_by: marks such a file.
        rung: of the model.
        task: a value of `Task`.
        processor: what trained it.
        photos: how many it was measured on.
        objects: how many count.
        metrics: by name; null if there was nothing to measure.
        intervals: 95 % over the photos, of the metrics that have one.
        classes: by name; none for a rung that predicts the largest object.
        label_scores: where the scores come from above which a box counts as a label in confusion,
            errors and pictures; None for a rung that predicts the largest object.
        notes: what was left out or changed in reading the labels.
    """

    made_by: Maker
    rung: str
    task: str
    processor: str
    photos: int
    objects: int
    metrics: dict[str, float | None]
    intervals: dict[str, tuple[float | None, float | None]]
    classes: dict[str, ClassFigure]
    label_scores: LabelScoreSource | None
    notes: list[str]


def about(model: object, data: object, split: object) -> str:
    """Return which model was measured on what.

    >>> about("models/ssd_fpn", "photos/mine", ""), about("a.onnx", "photos/mine", "val")
    ('models/ssd_fpn on photos/mine', 'a.onnx on split val of photos/mine')
    """
    return f"{model} on {f'split {split} of ' if split else ''}{data}"


def label_scores_in_words(evaluation: ModelEvaluation) -> str:
    """Return what counts as a label and what that means for the figures; nothing if unused."""
    if evaluation.label_scores is None:
        return ""
    if evaluation.label_scores == "of the model":
        return (
            "Labels, in confusion, errors and pictures, are boxes above the scores by class that "
            "come with the model, as in `ladder label`."
        )
    return (
        "Labels, in confusion, errors and pictures, are boxes above the scores by class that are "
        "best on these photos, as none come with the model: on other photos expect more errors."
    )


def rounded_or_none(value: float) -> float | None:
    """Return a figure rounded to five digits; None for NaN, which JSON does not have."""
    return None if math.isnan(value) else round(value, _DIGITS)


def class_figures(results: Path) -> dict[str, ClassFigure]:
    """Return the average precisions in a folder of results; none for the largest object."""
    path = results / "ap_by_class.csv"
    rows = read_rows(path, ClassAp) if path.is_file() else []
    return {one.name: ClassFigure(rounded_or_none(one.ap), one.objects) for one in rows}


def metric_rows(evaluation: ModelEvaluation) -> list[tuple[str, str, str]]:
    """Return name, value and 95 % interval of each metric as text."""
    return [
        (name, _in_words(value), _in_words(*evaluation.intervals.get(name, (None, None))))
        for name, value in evaluation.metrics.items()
    ]


def _in_words(*figures: float | None) -> str:
    words = [f"{figure:.5g}" for figure in figures if figure is not None]
    return " to ".join(words) if len(words) == len(figures) else "-"


def write_tables(folder: Path, tables: Tables, predictions: Predictions) -> None:
    """Write photos, truth and predictions as `ladder compare` reads them."""
    name = predictions.task.table
    write_parquet(tables.images, folder / "images.parquet")
    write_parquet(tables.by_name[name], folder / f"{name}.parquet")
    write_parquet(predictions.table, folder / PREDICTIONS_FILE)


def write_evaluation(folder: Path, evaluation: ModelEvaluation) -> None:
    """Write `metrics.json` into a folder."""
    text = orjson.dumps(evaluation, option=orjson.OPT_INDENT_2) + b"\n"
    (folder / METRICS_FILE).write_bytes(text)


def is_evaluation(folder: Path) -> bool:
    """Return whether a folder holds a result of `ladder evaluate`."""
    return _content(folder) is not None


def _content(folder: Path) -> dict[str, object] | None:
    """Return the content of a result, also of an earlier version; None for any other folder."""
    try:
        content = orjson.loads((folder / METRICS_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("made_by") == MAKER else None


def read_evaluation(folder: Path) -> ModelEvaluation:
    """Return what the `metrics.json` of a folder says.

    Raises:
        InputError: there is none, or it is not one of `ladder evaluate`.
    """
    path = folder / METRICS_FILE
    try:
        return TypeAdapter(ModelEvaluation).validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: no such file; make it with `ladder evaluate`") from None
    except ValidationError:
        raise InputError(f"{path}: not a result of `ladder evaluate`; run it again") from None


def check_out(out: Path, inputs: Sequence[Path]) -> None:
    """Raise if a result would replace anything but a result.

    Args:
        out: the folder of the result.
        inputs: what is read, which must be neither inside nor around it.
    """
    place = out.resolve()
    for one in inputs:
        path = one.resolve()
        if place == path or path in place.parents or place in path.parents:
            raise InputError(f"{out}: and {one} contain one another; name another --out")
    for one in (out, *out.parents):
        if one.exists() and not one.is_dir():
            raise InputError(f"{one}: is a file; name a folder with --out")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not is_evaluation(out):
        raise InputError(
            f"{out}: exists and is not a result of `ladder evaluate`; name another --out"
        )
    others = sorted({one.name for one in out.iterdir()} - _NAMES)
    if others:
        raise InputError(
            f"{out}: holds {others[0]}, which would be removed with the old result; move it, or "
            "name another --out"
        )


def check_is_same(out: Path, asked: EvaluationInputs) -> None:
    """Raise if a folder has a result of other inputs than these."""
    earlier = _content(out)
    if earlier is None:
        return
    before = _WITHOUT_OPTIONS | earlier
    of = [before[key] for key in ("model", "data", "split")]
    if (*map(_place, of[:2]), of[2]) != (_place(asked.model), _place(asked.data), asked.split):
        raise InputError(f"{out}: is the result of {about(*of)}; name another --out")
    others = [f"--{key}" for key in _OPTIONS if before[key] != getattr(asked, key)]
    if before["model_sha256"] != asked.model_sha256:
        others.append("content of the model")
    if len({before["labels_sha256"], asked.labels_sha256} - {""}) > 1:
        others.append("content of the labels")
    if others:
        raise InputError(
            f"{out}: is the result of {about(*of)} with another {' and '.join(others)}; "
            "name another --out, or remove it"
        )


def _place(name: object) -> Path:
    """Return the absolute path of a model or folder, however it is written."""
    return Path(str(name)).resolve()


@contextmanager
def result_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `out` if the block succeeds; see `fresh_folder`."""
    new = [folder for folder in out.parents if not folder.exists()]
    try:
        with fresh_folder(out) as folder:
            yield folder
    except BaseException:
        with suppress(OSError):
            for folder in new:
                folder.rmdir()
        raise
