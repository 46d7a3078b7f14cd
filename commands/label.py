"""`ladder label`: label new photos with a trained rung; a job that is stopped resumes.

Examples:
  ladder label photos/new                          photos/new/labels.json, Pascal JSON
  ladder label photos/new --format yolo --format csv --out labels/new
  ladder label 'photos/*/2026-*.jpg' @more.txt --score 0.5 --score person=0.3
  ladder label photos/new --apply review.json      with a person's decisions from the page
  ladder label s3://bucket/new --out new.json      photos in S3, which is only read
  ladder label photos/new --engine ray --workers 8              8 processes, one core each
  ladder label s3://bucket/new --out new.json --engine ray --address 10.0.0.1:6379   on a cluster

Detections are kept in a hidden folder beside the labels. The same command adds new photos, and
writes more formats or other scores without running the network again. Both engines find the same
boxes, and each resumes the other's job. A Ray cluster runs any code that reaches its ports
(CVE-2023-48022): the one that --engine ray starts listens only on 127.0.0.1, and a cluster belongs
on a private network, with RAY_AUTH_MODE=token.
"""

import argparse
import math
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock, Timeout

from commands.options.model import add_model, add_scores, given_scores, model_folder
from commands.options.parser import command_parser, number
from pipeline.errors import InputError, counted, listed
from pipeline.files import PARAMS
from pipeline.inference.described_model import DescribedModel, SentModel, describe_detector
from pipeline.inference.label_scores import choose_scores
from pipeline.labelling.files import (
    FORMAT_NAMES,
    LabelFile,
    format_of,
    job_folder,
    label_files,
    left_behind,
    place_of_labels,
    refuse_others,
    refused_file,
    write_all,
)
from pipeline.labelling.job import JobSettings, LabelJob, open_job
from pipeline.labelling.labels import FoundLabels
from pipeline.labelling.photo_files import named_photos, passed_over, up_to_date
from pipeline.labelling.refusals import refusals, report_refusals, were_read
from pipeline.labelling.reviewed import after_reviews
from pipeline.labelling.waiting import WaitingPhotos, without_done
from pipeline.memory import keep_freed_memory
from pipeline.params.params import PredictParams, load_params
from pipeline.review.decisions import read_review

_LAST_NANOSECOND = 2**63 - 1  # a timestamp column's maximum, in the year 2262


def main(arguments: Sequence[str]) -> int:
    """Find objects in photos and write labels, which `fetch.source: local` reads again."""
    options = _parse(arguments)
    found, unnamed, folder = named_photos(options.photos)
    photos = changed_since(found, options.since) if options.since else found
    out = place_of_labels(options.out, folder)
    review = read_review(options.apply) if options.apply else None
    files = label_files(out, options.format or [format_of(out)])
    with model_folder(options.model) as model, _locked(job_folder(out)):
        described = describe_detector(model)
        # First, as labelling may take hours and the name of a class may be misspelt.
        min_scores = choose_scores(
            described.label_scores, described.spec.classes, options.score, options.model
        )
        params = load_params(PARAMS)
        asked = job_settings(described, folder, out, options.score.lowered(params.predict))
        job = begin(asked, out, files, options)
        own = written_before(job, out)
        if isinstance(folder, Path):
            report_passed_over(options.photos, own)
        found, photos = found.without(own), photos.without(own)
        try:
            find_objects(job, described, photos, options, params.train.shared.device)
        except KeyboardInterrupt:
            print("run the same command again to resume", file=sys.stderr)
            raise
        done = still_true(job, found)
        labels = FoundLabels(job, done, Path(folder), min_scores, options.doubtful)
        reviewed = after_reviews(labels, found, review, options.apply)
        if not options.overwrite:  # a person may have edited them meanwhile
            refuse_others(files, job, refused_file(out))
        failed = write_all(files, reviewed, job)
        if earlier := left_behind(files, job):
            names = listed([str(path) for path in earlier])
            print(f"not written this time: {names}; name a --format to renew it", file=sys.stderr)
    return report_refusals([*unnamed, *refusals(done)], refused_file(out)) or int(failed)


def changed_since(photos: WaitingPhotos, day: datetime) -> WaitingPhotos:
    """Return the photos that have changed since a day; raise if there are none."""
    since = min(max(math.ceil(day.timestamp() * 1e9), -_LAST_NANOSECOND), _LAST_NANOSECOND)
    changed = photos.filter(pc.greater_equal(photos.states["modified"], since))
    if not changed:
        raise InputError(f"--since {day}: no photo has changed since; name an earlier day")
    return changed


def begin(
    asked: JobSettings,
    out: Path,
    files: Sequence[LabelFile],
    options: argparse.Namespace,
) -> LabelJob:
    """Open the job, checked to be free to write its files."""
    job = open_job(job_folder(out), asked, restart=options.restart)
    if not options.overwrite:
        refuse_others(files, job, refused_file(out))
    if options.restart:
        job.forget_parts()
    job.save()
    return job


def written_before(job: LabelJob, out: Path) -> list[Path]:
    """Return what earlier runs wrote: no photos, though a shell's `photos/*` names them."""
    return [*(out.parent / name for name in job.made), refused_file(out)]


def report_passed_over(places: Sequence[str], own: Sequence[Path]) -> None:
    """Print how many files in these places are no photos of their own; `own` do not count."""
    if other := passed_over(places, own):
        words = counted(other, "file")
        print(f"skipped {words}: not photos, or links to photos already found", file=sys.stderr)


def still_true(job: LabelJob, photos: WaitingPhotos) -> pa.Table:
    """Return what a job has found in unchanged photos, and print how many have changed."""
    done, changed = up_to_date(job.done(), photos)
    if changed:
        words = counted(changed, "photo has changed", "photos have changed")
        remedy = "to label them, name them without --limit and --since"
        print(f"left out: {words} since the last time; {remedy}", file=sys.stderr)
    return done


def job_settings(
    model: DescribedModel, folder: Path | str, out: Path, decoding: PredictParams
) -> JobSettings:
    """Return the settings that a job with this model is started with."""
    if isinstance(folder, Path):
        folder = Path(os.path.relpath(folder, out.parent)).as_posix()
    return JobSettings(
        model=model.digest,
        classes=model.spec.classes,
        folder=folder,
        min_score=decoding.min_score,
        nms_threshold=decoding.nms_threshold,
        max_detections=decoding.max_detections,
    )


def find_objects(
    job: LabelJob,
    model: DescribedModel,
    photos: WaitingPhotos,
    options: argparse.Namespace,
    device: str,
) -> None:
    """Add to a job what the model finds in the photos not yet done, at most `--limit`."""
    done_before = job.done()
    waiting = without_done(photos, done_before.filter(were_read(done_before)))
    done = len(photos) - len(waiting)
    if done:
        print(f"done before: {done} of {counted(len(photos), 'photo')}", file=sys.stderr)
    waiting = waiting[: options.limit]
    if not waiting:
        return
    asked = job.asked
    decoding = PredictParams(
        min_score=asked.min_score,
        nms_threshold=asked.nms_threshold,
        max_detections=asked.max_detections,
    )
    if options.engine == "ray":
        from pipeline.labelling.ray_data import detect_on_ray, ray_session

        with ray_session(options.address, options.workers):
            sent = SentModel.of(model, device, decoding)
            detect_on_ray(job, sent, waiting, done, options.workers)
    else:
        from pipeline.labelling.bulk import detect_into

        keep_freed_memory()
        detect_into(job, model.detector(device, decoding), waiting, done)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # photos are often on a read-only disk
        reason = error.strerror or error
        raise InputError(f"{folder}: cannot be created ({reason}); give another --out") from None
    try:
        with FileLock(folder / ".lock", timeout=0):
            try:
                yield
            finally:
                if is_new and not (folder / "job.json").exists():  # refused before it started
                    shutil.rmtree(folder)
    except Timeout:
        raise InputError(
            f"{folder}: another `ladder label` is running here; wait for it, or give --out"
        ) from None


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument(
        "photos",
        metavar="PHOTOS",
        nargs="+",
        help="files, patterns, folders with their subfolders, and @LIST, a file of such lines; "
        "or one s3://BUCKET/PREFIX",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="label file; other formats go next to it (default: labels.json in the photos' folder)",
    )
    parser.add_argument(
        "--format",
        action="append",
        choices=FORMAT_NAMES,
        metavar="FORMAT",
        help=f"{', '.join(FORMAT_NAMES)}; may be given several times (default: pascal)",
    )
    add_model(parser)
    add_scores(parser, "label")
    parser.add_argument(
        "--doubtful",
        action="store_true",
        help="add boxes that score down to half of it, marked ignore, for training on the labels",
    )
    parser.add_argument(
        "--apply", type=Path, metavar="FILE", help="decisions exported by `ladder review`"
    )
    parser.add_argument(
        "--limit", type=number(int, 1), metavar="N", help="stop after N more photos"
    )
    parser.add_argument(
        "--since",
        type=_day,
        metavar="DATE",
        help="only photos changed since, e.g. 2026-11-28 or 2026-11-28T12:00",
    )
    parser.add_argument("--restart", action="store_true", help="label all photos anew")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace labels that this job did not write"
    )
    _add_engine(parser)
    options = parser.parse_args(arguments)
    if options.engine != "ray" and (options.address or options.workers):
        parser.error("--address and --workers need --engine ray")
    options.score = given_scores(parser, options.score)
    return options


def _day(text: str) -> datetime:
    try:
        day = datetime.fromisoformat(text)
        day.timestamp()  # raises for years 1 and 9999
    except (ValueError, OverflowError):
        message = f"must be a day, e.g. 2026-11-28 or 2026-11-28T12:00: {text}"
        raise argparse.ArgumentTypeError(message) from None
    return day


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=("plain", "ray"),
        default="plain",
        help="plain: in this process; ray: Ray Data workers (needs the extra `ray`)",
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="a running Ray cluster (default: start one here)"
    )
    parser.add_argument(
        "--workers",
        type=number(int, 1),
        metavar="N",
        help="Ray workers, at most (default: one per core)",
    )
