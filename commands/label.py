"""`ladder label`: a trained rung labels new photos."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError

BATCH_SIZE = 32


def main(arguments: Sequence[str]) -> int:
    """Find objects in photos and write Pascal JSON, which `fetch.source: local` reads again."""
    parser = argparse.ArgumentParser(prog="ladder label", description=main.__doc__)
    parser.add_argument("photos", metavar="FOLDER", type=Path, help="of photos, with subfolders")
    parser.add_argument(
        "--out", type=Path, help="the file to write (default FOLDER/labels.json)", metavar="FILE"
    )
    parser.add_argument(
        "--model", type=Path, default=Path("models/ssd_fpn"), help="of a rung (%(default)s)"
    )
    parser.add_argument(
        "--score",
        type=float,
        help="the least score of a label (default: the model's own for each class, chosen on val)",
    )
    options = parser.parse_args(arguments)
    if options.score is not None and not 0 <= options.score < 1:
        parser.error("--score must be from 0 to below 1")
    out = options.out or options.photos / "labels.json"
    photos, boxes, refused = label(options.photos, out, options.model, options.score)
    print(f"{out}: {boxes} boxes in {photos} photos")
    if refused:
        print(f"left out: {refused} photos, named above", file=sys.stderr)
    return 1 if refused else 0


def label(folder: Path, out: Path, model_folder: Path, score: float | None) -> tuple[int, int, int]:
    """Write the labels; return how many photos and boxes there are, and how many photos are not."""
    from pipeline.data.inputs import PARAMS
    from pipeline.files import write_beside
    from pipeline.inference.detector import prepare_for_inference
    from pipeline.inference.labels import detect_photos, write_pascal
    from pipeline.inference.photo_stream import find_photos
    from pipeline.memory import keep_freed_memory
    from pipeline.models.device import choose_device
    from pipeline.params import load_params
    from pipeline.progress import progress
    from pipeline.rungs.saved_model import load_model

    paths = find_photos(folder)
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out}: its folder is not there; make it first")
    if out.is_dir():
        raise InputError(f"{out}: is a folder; name the file to write")
    keep_freed_memory()
    params = load_params(PARAMS)
    model, card = load_model(model_folder, choose_device(params.train.shared.device))
    detected = detect_photos(
        paths,
        prepare_for_inference(model, card),
        card,
        batch_size=BATCH_SIZE,
        score=score,
        nms_threshold=params.evaluate.nms_threshold,
        max_detections=params.evaluate.max_detections,
    )
    refused: list[str] = []

    def refuse(line: str) -> None:
        refused.append(line)
        print(f"warning: {line}", file=sys.stderr)

    batches = -(-len(paths) // BATCH_SIZE)
    watched = progress(detected, total=batches, desc="label", unit="batches")
    counts: list[int] = []
    write_beside(
        out,
        lambda path: counts.extend(write_pascal(path, watched, card.classes, folder, refuse)),
    )
    photos, boxes = counts
    return photos, boxes, len(refused)
