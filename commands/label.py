"""`ladder label`: a trained rung labels new photos."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import EVALUATION, MODELS, PARAMS, write_beside
from pipeline.inference.mlflow_model import is_mlflow_uri
from pipeline.inference.photo_files import common_folder, find_photos
from pipeline.progress import progress


@dataclass(frozen=True)
class Job:
    """Which photos to label, and with which model.

    Attributes:
        photos: files.
        folder: to which their names in the labels are relative.
        out: the file to write.
        model: a folder, or the URI of a model in MLflow.
        score: above which a detection becomes a label; None for the score of each class.
    """

    photos: list[Path]
    folder: Path
    out: Path
    model: str
    score: float | None


def main(arguments: Sequence[str]) -> int:
    """Find objects in photos and write Pascal JSON, which `fetch.source: local` reads again."""
    parser = argparse.ArgumentParser(prog="ladder label", description=main.__doc__)
    parser.add_argument(
        "photos", metavar="PHOTOS", type=Path, nargs="+", help="files and folders, with subfolders"
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="the file to write (default: labels.json in the folder of all photos)",
        metavar="FILE",
    )
    parser.add_argument(
        "--model",
        default=str(MODELS / "ssd_fpn"),
        help="folder of a rung, or an MLflow URI such as models:/NAME@ALIAS (%(default)s)",
    )
    parser.add_argument(
        "--score",
        type=float,
        help="label what scores above this (default: a score for each class, chosen on val)",
    )
    options = parser.parse_args(arguments)
    if options.score is not None and not 0 <= options.score < 1:
        parser.error("--score must be from 0 to below 1")
    job = check_job(options.photos, options.out, options.model, options.score)
    photos, boxes, refused = label(job)
    print(f"{job.out}: {boxes} boxes in {photos} photos")
    if refused:
        print(f"left out: {refused} photos, named above", file=sys.stderr)
    return 1 if refused else 0


def check_job(places: list[Path], out: Path | None, model: str, score: float | None) -> Job:
    """Return what there is to do, after everything that can be checked without torch.

    Raises:
        InputError: a place, the model or the folder of `out` does not exist, or `out` would replace
            the labels of more photos than these.
    """
    photos, folder = find_photos(places), common_folder(places)
    if out is None:
        out = folder / "labels.json"
        if places != [folder] and out.exists():
            raise InputError(f"{out}: already exists; name the file to write with --out")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out}: its folder does not exist; create it first")
    if out.is_dir():
        raise InputError(f"{out}: is a folder; name the file to write")
    if not is_mlflow_uri(model) and not (Path(model) / "model.json").is_file():
        raise InputError(f"{Path(model) / 'model.json'}: no model there; train it first")
    return Job(photos, folder, out, model, score)


def label(job: Job) -> tuple[int, int, int]:
    """Write the labels; return the numbers of labelled photos, of boxes and of photos left out.

    Raises:
        InputError: the model does not predict both classes and boxes.
    """
    from pipeline.inference.detector import Detector
    from pipeline.inference.labels import thresholds, write_pascal
    from pipeline.params import load_params
    from pipeline.tasks import Task
    from pipeline.tracking.sqlite_store import local_store

    params = load_params(PARAMS)
    decoding = params.predict
    if job.score is not None:
        decoding = decoding.model_copy(update={"min_score": job.score})
    detector = Detector.load(
        job.model,
        device=params.train.shared.device,
        decoding=decoding,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or local_store(Path()),
    )
    task = Task(detector.spec.task)
    if not (task.answers_class and task.answers_box):
        raise InputError(
            f"{detector.spec.rung}: does not predict both classes and boxes; "
            "label with another rung"
        )
    refused: list[InputError] = []

    def refuse(error: InputError) -> None:
        refused.append(error)
        print(f"warning: {error}", file=sys.stderr)

    root = job.folder.absolute()
    names = [path.absolute().relative_to(root).as_posix() for path in job.photos]
    found = progress(
        detector.stream_all(job.photos), total=len(job.photos), desc="label", unit="photos"
    )
    counts: list[int] = []
    min_scores = thresholds(detector.classes, label_scores(job, detector.classes))
    write_beside(
        job.out,
        lambda path: counts.extend(
            write_pascal(path, zip(names, found, strict=True), detector.classes, min_scores, refuse)
        ),
    )
    photos, boxes = counts
    return photos, boxes, len(refused)


def label_scores(job: Job, classes: Sequence[str]) -> dict[str, float]:
    """Return the score for each class: the user's, or what `evaluate` has chosen for the model.

    They are in the project that trained the model, in evaluation/RUNG beside models/RUNG.
    """
    from pipeline.inference.labels import LABEL_SCORE, read_label_scores

    if job.score is not None:
        return dict.fromkeys(classes, job.score)
    model = Path(job.model)
    path = model.parent.parent / EVALUATION / model.name / "label_scores.json"
    scores = {} if is_mlflow_uri(job.model) else read_label_scores(path)
    if not scores:
        print(
            f"warning: no label scores by class are known for {job.model}; labelling what scores "
            f"above {LABEL_SCORE} (--score changes this)",
            file=sys.stderr,
        )
    return scores
