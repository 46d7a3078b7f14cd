"""Options of the commands that use a trained model."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.files import MODELS
from pipeline.inference.label_scores import GivenScores
from pipeline.inference.mlflow_model import is_mlflow_uri, mlflow_model
from pipeline.tracking.mlflow_store import store_uri


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`: a folder, an exported file, or a model in MLflow."""
    parser.add_argument(
        "--model",
        default=str(MODELS / "ssd_fpn"),
        help="folder of a rung, file of `ladder export`, or an MLflow URI such as "
        "models:/NAME@ALIAS (%(default)s)",
    )


def add_scores(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--score`, which `given_scores` parses; `what` is done with boxes that score above it."""
    parser.add_argument(
        "--score",
        action="append",
        default=[],
        metavar="[CLASS=]SCORE",
        help=f"{what} boxes that score above this (default: a score per class, chosen on val)",
    )


def given_scores(parser: argparse.ArgumentParser, words: list[str]) -> GivenScores:
    """Return the values of `--score`; exit with a usage message if one is not a score."""
    try:
        return GivenScores.parse(words)
    except ValueError:
        parser.error("--score must be from 0 to below 1, as in --score 0.4 or --score person=0.4")


@contextmanager
def model_folder(model: str) -> Iterator[Path]:
    """Yield the folder or exported file of a model, downloaded if it is in MLflow."""
    if not is_mlflow_uri(model):
        yield Path(model)
        return
    store = store_uri(Path())
    with mlflow_model(model, store) as folder:
        yield folder
