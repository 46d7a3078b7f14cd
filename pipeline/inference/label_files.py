"""The files that a labelling job writes, and the care that nobody else's are replaced."""

import csv
import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InputError, counted, one_line
from pipeline.files import write_beside
from pipeline.formats.labels import Labels
from pipeline.formats.registry import FORMATS, find_format
from pipeline.inference.label_job import LabelJob
from pipeline.inference.labels import Refusal

PARQUET, COCO = "parquet", "coco"
FORMAT_NAMES = (*(one.name for one in FORMATS), COCO, PARQUET)
_REFUSED = "photo,reason"
_OWN_ENDINGS = {
    "pascal": ".json",
    COCO: ".coco.json",
    "cvat": ".xml",
    "label-studio": ".label-studio.json",
}
_ENDINGS = {name: _OWN_ENDINGS.get(name, f".{name}") for name in FORMAT_NAMES}


@dataclass(frozen=True)
class LabelFile:
    """A file or folder of labels that is to be written."""

    format_name: str
    path: Path


def label_files(out: Path, format_names: Sequence[str]) -> list[LabelFile]:
    """Return where the labels go in each format: `labels.json`, `labels.csv`, `labels.yolo/`.

    Args:
        out: the first format's own file or folder, or what all names begin with.
        format_names: some of `FORMAT_NAMES`.
    """
    ending = _ENDINGS[format_of(out)] if _says_format(out) else ""
    stem = out.with_name(out.name.removesuffix(ending))
    return [
        LabelFile(name, stem.with_name(stem.name + _ENDINGS[name]))
        for name in dict.fromkeys(format_names)
    ]


def format_of(out: Path) -> str:
    """Return the format that the ending of a file of labels says, `pascal` where it says none."""
    fitting = [name for name, ending in _ENDINGS.items() if out.name.endswith(ending)]
    return max(fitting, key=lambda name: len(_ENDINGS[name]), default="pascal")


def _says_format(out: Path) -> bool:
    return out.name.endswith(_ENDINGS[format_of(out)])


def job_folder(out: Path) -> Path:
    """Return the hidden folder of the job beside its labels."""
    [file] = label_files(out, ["pascal"])
    return file.path.with_name(f".{file.path.stem}.job")


def refused_file(out: Path) -> Path:
    """Return the list of photos that could not be labelled, beside the labels."""
    [file] = label_files(out, ["pascal"])
    return file.path.with_suffix(".refused.csv")


def refuse_others(files: Sequence[LabelFile], job: LabelJob, refused: Path) -> None:
    """Raise if a file is there that the job has not made, or that was changed since.

    Args:
        files: that the job is to write.
        job: knows what it has made.
        refused: the list of refused photos, which any job may have made.

    Raises:
        InputError: names the file and the remedy.
    """
    if refused.exists() and not _is_refusals(refused):
        raise InputError(
            f"{refused}: is there already and is no list of refused photos; "
            "--out names another place, --overwrite replaces it"
        )
    for file in files:
        if file.path.exists() and digest_of(file.path) not in job.made.get(file.path.name, []):
            raise InputError(
                f"{file.path}: is there already, or was changed since it was written; "
                "--out names another place, --overwrite replaces it"
            )


def left_behind(files: Sequence[LabelFile], job: LabelJob) -> list[Path]:
    """Return what the job has written in other formats before, and has not written anew now."""
    written = {file.path.name for file in files}
    places = (job.folder.parent / name for name in job.made if name not in written)
    return [place for place in places if place.exists()]


def write_labels(file: LabelFile, labels: Labels, job: LabelJob) -> tuple[str, ...]:
    """Write labels in a format beside, then rename; return what the format could not hold."""
    beside = file.path.with_name(f".{file.path.name}.partial")
    _remove(beside)
    notes: tuple[str, ...] = ()
    try:
        if file.format_name == PARQUET:
            pq.write_table(_flat(labels), beside, compression="zstd")
        else:
            name = "pascal" if file.format_name == COCO else file.format_name
            notes = find_format(name).write(labels, beside)
        # The journal knows the file before it is there: it may be replaced even after a kill.
        made, digest = job.made.setdefault(file.path.name, []), digest_of(beside)
        if digest not in made:
            made.append(digest)
            job.save()
    except BaseException:
        _remove(beside)
        raise
    if file.path.is_dir() or beside.is_dir():
        _remove(file.path)
    os.replace(beside, file.path)
    return notes


def write_all(files: Sequence[LabelFile], labels: Labels, job: LabelJob) -> bool:
    """Write labels in each format; return whether one of them could not hold them."""
    failed = False
    for file in files:
        try:
            notes = write_labels(file, labels, job)
        except InputError as error:  # the other formats may do
            print(f"error: {error}", file=sys.stderr)
            failed = True
            continue
        for note in notes:
            print(f"{file.path}: {note}", file=sys.stderr)
        boxes = counted(len(labels.rows), "box", "boxes")
        print(f"{file.path}: {boxes} in {counted(len(labels.images), 'photo')}")
    return failed


def write_refusals(path: Path, refused: Sequence[Refusal]) -> None:
    """Write the photos that could not be labelled as CSV; none leave no such list."""
    if not refused:
        if _is_refusals(path):
            path.unlink()
        return

    def write(beside: Path) -> None:
        with beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_REFUSED.split(","))
            writer.writerows([one.photo, one.reason] for one in refused)

    write_beside(path, write)


def report_refusals(refused: Sequence[Refusal], path: Path) -> int:
    """Write and print which photos could not be labelled; return the exit code."""
    write_refusals(path, refused)
    for one in refused[:10]:
        print(one_line(f"warning: {one.photo}: {one.reason}"), file=sys.stderr)
    if refused:
        print(f"left out: {counted(len(refused), 'photo')}, listed in {path}", file=sys.stderr)
    return 1 if refused else 0


def _is_refusals(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_REFUSED)) == _REFUSED.encode()


def _flat(labels: Labels) -> pa.Table:
    """Return a row an object, boxes as xyxy in pixels."""
    images = labels.images.take(labels.rows)
    edges = labels.boxes.copy()
    edges[:, 2:] += edges[:, :2]
    columns = {
        "file_name": images["file_name"],
        "width": images["width"],
        "height": images["height"],
        "name": pa.array([labels.classes[label] for label in labels.labels], pa.string()),
        "score": pa.array(labels.scores, from_pandas=True),
        "ignore": pa.array(labels.ignore),
    }
    sides = zip(("xmin", "ymin", "xmax", "ymax"), edges.round(2).T, strict=True)
    return pa.table(columns | {name: pa.array(values) for name, values in sides})


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files of a folder."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{file.relative_to(path).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
