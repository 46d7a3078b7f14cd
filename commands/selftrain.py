"""`ladder selftrain`: label new photos with a trained rung, then train with these labels added.

Examples:
  ladder selftrain photos/new
  ladder selftrain photos/new --only evaluate@ssd_fpn -S train.ssd_fpn.late.epochs=30

The labelled photos of the current results stay as they are, including val and test; the new ones
are added to train. The model's boxes are weighted by their score times train.shared.machine_weight,
doubtful boxes are neither objects nor background, and decisions that `ladder label --apply` has
merged into FOLDER/labels.json apply here, too. All photos are copied into photos/selftrain, and
fetch.sources names both sets. Corrections that people make in photos/selftrain/truth are kept for
the next round.
"""

import argparse
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from commands import label, run
from commands.options.ladder import add_only, add_settings
from commands.options.parser import command_parser
from pipeline.errors import InputError
from pipeline.files import MODELS, PARAMS, SOURCE, fresh_folder, sha256_of
from pipeline.formats.label_format import LabelledSet
from pipeline.formats.layout import find_set
from pipeline.inference.described_model import no_model
from pipeline.labelling.files import job_folder
from pipeline.labelling.photo_files import common_folder
from pipeline.labelling.reviewed import reviews_of
from pipeline.params.fetch import FetchParams, SourceParams
from pipeline.params.params import PredictParams, load_params
from pipeline.photo_files import photos_below
from pipeline.progress import progress
from pipeline.repair.experiments import check_name
from pipeline.sources.copies import copy_set
from pipeline.sources.made_folder import (
    changed_files,
    foreign_files,
    record_files,
    states_of_files,
)

PLACE = Path("photos/selftrain")
_MACHINE = "machine"
_LABELS = Path(".ladder/selftrain")  # where a stopped labelling resumes


def main(arguments: Sequence[str]) -> int:
    """Label the photos of a folder, add them to train, and run the ladder."""
    options = _parse(arguments)
    if options.name:
        check_name(options.name)
    params = load_params(PARAMS)
    check_is_new(options.photos, params.fetch)
    if not options.photos.is_dir():
        raise InputError(f"{options.photos}: no such folder; name a folder of new photos")
    photos = photos_below(options.photos)
    if not photos:
        raise InputError(f"{options.photos}: no photo in it; name a folder of new photos")
    if not SOURCE.is_dir():
        raise InputError(f"{SOURCE}: no such folder; run the ladder first, on labelled photos")
    teacher = teacher_of(options.model)
    truth = truth_sets(params.fetch)
    check_is_ours(truth)
    labels = _LABELS / job_name(teacher, options.photos, params.predict) / "labels.json"
    labels.parent.mkdir(parents=True, exist_ok=True)
    copy_decisions(options.photos, labels)
    words = ["--model", str(options.model), "--doubtful", "--out", str(labels)]
    label.main([*words, "--overwrite", "--", str(options.photos)])  # the folder is ours
    with fresh_folder(PLACE) as place:
        before = states_of_files(PLACE)
        check_is_ours(truth)  # labelling takes long enough for people to edit
        for found, path in truth:
            copy_set(found, place / path)
        copy_photos(photos, options.photos, place / _MACHINE)
        shutil.copyfile(labels, place / _MACHINE / labels.name)
        record_files(place)
        if changed := changed_files(PLACE, before):  # so does copying
            fault = "was changed while it was copied; run the command again"
            raise InputError(f"{changed[0]}: {fault}")
    settings = ["fetch.source=local", f"fetch.path={PLACE}"]
    settings.append(f"fetch.sources={json.dumps(sources(params.fetch, teacher))}")
    flags = [word for setting in [*settings, *options.settings] for word in ("-S", setting)]
    flags += [word for stage in options.only for word in ("--only", stage)]
    return run.main([*flags, *(["--name", options.name] if options.name else [])])


def check_is_new(photos: Path, params: FetchParams) -> None:
    """Check that a folder of new photos has none that people have labelled, such as those of val.

    Raises:
        InputError: it contains photos of the ladder, or lies within them.
    """
    place = photos.resolve()
    local = [params.path / one.path for one in _truth(params)] if params.source == "local" else []
    remedy = "name a folder of only new photos, such as photos/new"
    for ours in (SOURCE, PLACE, *local):
        if ours.exists() and place in (ours.resolve(), *ours.resolve().parents):
            problem = f"contains the labelled photos of {ours}, val and test included"
            raise InputError(f"{photos}: {problem}; {remedy}")
    # New photos may be inside one of the user's sets, as long as its labels do not name them.
    for ours in (SOURCE, PLACE):
        if ours.resolve() in place.parents:
            raise InputError(f"{photos}: is in {ours}, with the labelled photos; {remedy}")


def truth_sets(params: FetchParams) -> list[tuple[LabelledSet, Path]]:
    """Return the sets that people have labelled, and the path of each in `PLACE`.

    These are the sets of the current results, in data/source; from the second round on, those in
    `PLACE` itself, where people correct them. A round whose run fails leaves params.yaml unchanged,
    but its own folders in data/source.
    """
    again = params.source == "local" and params.path.resolve() == PLACE.resolve()
    root = PLACE if again and PLACE.is_dir() else SOURCE
    failed = (root / _MACHINE).is_dir()
    sets = []
    for source in _truth(params):
        place = _place_of(source)
        path = place if failed and (root / place).is_dir() else source.path
        sets.append((find_set(root / path, source.format, source.labels), place))
    return sets


def check_is_ours(truth: Sequence[tuple[LabelledSet, Path]]) -> None:
    """Check that no file of a person is lost when `PLACE` is made again.

    Args:
        truth: from `truth_sets`; these are kept.

    Raises:
        InputError: another file is not as `ladder selftrain` left it.
    """
    kept = {file for found, _ in truth for file in (*found.files, *photos_below(found.photos))}
    lost = [file for file in foreign_files(PLACE) if file not in kept]
    if lost:
        what = "is not as `ladder selftrain` left it, and would be lost"
        top = PLACE / lost[0].relative_to(PLACE).parts[0]
        raise InputError(f"{lost[0]}: {what}; move {top} elsewhere")


def copy_decisions(photos: Path, labels: Path) -> None:
    """Copy what people have decided about the labels beside the photos to the job of `labels`."""
    beside = common_folder([str(photos)]) / "labels.json"
    decided, copy = (reviews_of(job_folder(file)) for file in (beside, labels))
    if decided.is_file():
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(decided, copy)


def copy_photos(photos: Sequence[Path], root: Path, out: Path) -> None:
    """Copy photos below `root` to the same paths below `out`."""
    for photo in progress(photos, desc="copying", unit="photos"):
        copy = out / photo.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo, copy)


def sources(params: FetchParams, teacher: str) -> list[dict]:
    """Return `fetch.sources` of the next run: the sets labelled by people, then the machine's."""
    truth = [source.model_copy(update={"path": _place_of(source)}) for source in _truth(params)]
    machine = SourceParams(path=Path(_MACHINE), role="machine", teacher=teacher)
    return [source.model_dump(mode="json", exclude_defaults=True) for source in [*truth, machine]]


def teacher_of(model: Path) -> str:
    """Return what the student's run records of its teacher: the rung and a digest of its weights.

    Raises:
        InputError: there is no model.
    """
    weights = model / "model.safetensors"
    if not weights.is_file():
        raise no_model(weights)
    return f"{model.name} {sha256_of(weights)[:12]}"


def job_name(teacher: str, photos: Path, decoding: PredictParams) -> str:
    """Return the name of a labelling job, the same if an earlier one can be resumed.

    `ladder label` only resumes a job on the same folder with the same decoding.
    """
    folder = common_folder([str(photos)]).absolute()
    asked = f"{folder} {decoding.model_dump_json()}"
    return f"{teacher} {hashlib.sha256(os.fsencode(asked)).hexdigest()[:12]}".replace(" ", "-")


def _truth(params: FetchParams) -> list[SourceParams]:
    return [source for source in params.sets if source.role == "truth"]


def _place_of(source: SourceParams) -> Path:
    """Return the path of a set in `PLACE`; in a second round it is already below `truth`."""
    return source.path if source.path.parts[:1] == ("truth",) else Path("truth") / source.path


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("photos", metavar="FOLDER", type=_folder, help="photos without labels")
    parser.add_argument(
        "--model",
        type=Path,
        default=MODELS / "ssd_fpn",
        metavar="FOLDER",
        help="the teacher, a trained rung (%(default)s)",
    )
    add_settings(parser)
    add_only(parser)
    parser.add_argument("--name", help="name of the experiment (default: run, date and time)")
    return parser.parse_args(arguments)


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("no folder is named; name one of new photos")
    return Path(text)
