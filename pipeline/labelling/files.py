"""The files that a labelling job writes, without replacing those of anybody else."""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InputError, counted
from pipeline.files import sha256_of
from pipeline.formats.labels import Labels
from pipeline.formats.registry import FORMATS, find_format
from pipeline.labelling.job import LabelJob
from pipeline.labelling.refusals import is_refusals

PARQUET, COCO = "parquet", "coco"
FORMAT_NAMES = (*(one.name for one in FORMATS), COCO, PARQUET)
_OWN_ENDINGS = {
    "pascal": ".json",
    COCO: ".coco.json",
    "cvat": ".xml",
    "label-studio": ".label-studio.json",
}
_FOLDERS = ("voc", "yolo", "labelme")  # formats whose labels are a folder
_ENDINGS = {name: _OWN_ENDINGS.get(name, f".{name}") for name in FORMAT_NAMES}
_FLAT = pa.schema(
    [
        ("file_name", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("name", pa.string()),
        ("score", pa.float32()),
        ("ignore", pa.bool_()),
        ("xmin", pa.float64()),
        ("ymin", pa.float64()),
        ("xmax", pa.float64()),
        ("ymax", pa.float64()),
    ]
)


@dataclass(frozen=True)
class LabelFile:
    """A file or folder of labels to write."""

    format_name: str
    path: Path


def place_of_labels(out: Path | None, photos: Path | str) -> Path:
    """Return the file of the labels, checked to be writable there.

    Args:
        out: what the user gave.
        photos: their folder, or its address in S3.

    Raises:
        InputError: there is no such place.
    """
    if not (out or isinstance(photos, Path)):
        raise InputError(f"{photos}: is never written to; name the label file with --out")
    out = out or Path(photos, "labels.json")
    may_be_folder = _says_format(out) and format_of(out) in _FOLDERS  # of an earlier run
    if out.is_dir() and not may_be_folder:
        raise InputError(f"{out}: is a folder; name the file to write")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out}: its folder does not exist; create it first")
    return out


def label_files(out: Path, format_names: Sequence[str]) -> list[LabelFile]:
    """Return where the labels go in each format: `labels.json`, `labels.csv`, `labels.yolo/`.

    Args:
        out: the file or folder of the first format, or the prefix of all names.
        format_names: some of `FORMAT_NAMES`.
    """
    ending = _ENDINGS[format_of(out)] if _says_format(out) else ""
    stem = out.with_name(out.name.removesuffix(ending))
    return [
        LabelFile(name, stem.with_name(stem.name + _ENDINGS[name]))
        for name in dict.fromkeys(format_names)
    ]


def format_of(out: Path) -> str:
    """Return the format that a file's ending stands for, `pascal` for any other ending."""
    fitting = [name for name, ending in _ENDINGS.items() if out.name.endswith(ending)]
    return max(fitting, key=lambda name: len(_ENDINGS[name]), default="pascal")


def _says_format(out: Path) -> bool:
    return out.name.endswith(_ENDINGS[format_of(out)])


def job_folder(out: Path) -> Path:
    """Return the hidden folder of the job, next to its labels."""
    [file] = label_files(out, ["pascal"])
    return file.path.with_name(f".{file.path.stem}.job")


def refused_file(out: Path) -> Path:
    """Return the path of the list of photos that could not be labelled, next to the labels."""
    [file] = label_files(out, ["pascal"])
    return file.path.with_suffix(".refused.csv")


def refuse_others(files: Sequence[LabelFile], job: LabelJob, refused: Path) -> None:
    """Refuse to replace a file that the job has not made, or that was changed since.

    Args:
        files: those that the job will write.
        job: has the digests of what it made.
        refused: the list of refused photos, which any job may have made.

    Raises:
        InputError: there is such a file.
    """
    if refused.exists() and not is_refusals(refused):
        raise InputError(
            f"{refused}: is there already and is not a list of refused photos; "
            "--out names another place, --overwrite replaces it"
        )
    for file in files:
        if file.path.exists() and digest_of(file.path) not in job.made.get(file.path.name, []):
            raise InputError(
                f"{file.path}: is there already, or was changed since it was written; "
                "--out names another place, --overwrite replaces it"
            )


def left_behind(files: Sequence[LabelFile], job: LabelJob) -> list[Path]:
    """Return what the job wrote earlier in other formats, and has not updated now."""
    written = {file.path.name for file in files}
    places = (job.folder.parent / name for name in job.made if name not in written)
    return [place for place in places if place.exists()]


def write_labels(file: LabelFile, blocks: Iterable[Labels], job: LabelJob) -> tuple[str, ...]:
    """Write labels in a format to a temporary file, then rename; return what it could not hold.

    Args:
        file: to write.
        blocks: see `LabelFormat.write`.
        job: records the digest of the file.
    """
    beside = file.path.with_name(f".{file.path.name}.partial")
    _remove(beside)
    notes: tuple[str, ...] = ()
    try:
        if file.format_name == PARQUET:
            notes = _write_parquet(blocks, beside)
        else:
            name = "pascal" if file.format_name == COCO else file.format_name
            notes = find_format(name).write(blocks, beside)
        # Recorded before the file is in place, so that it may be replaced even after a kill.
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


def write_all(files: Sequence[LabelFile], blocks: Iterable[Labels], job: LabelJob) -> bool:
    """Write labels in each format; return whether one of them could not hold them."""
    failed = False
    sizes = [(len(labels.rows), len(labels.images)) for labels in blocks]
    boxes, photos = map(sum, zip(*sizes, strict=True))
    for file in files:
        try:
            notes = write_labels(file, blocks, job)
        except InputError as error:  # other formats may succeed
            print(f"error: {error}", file=sys.stderr)
            failed = True
            continue
        for note in notes:
            print(f"{file.path}: {note}", file=sys.stderr)
        print(f"{file.path}: {counted(boxes, 'box', 'boxes')} in {counted(photos, 'photo')}")
    return failed


def _write_parquet(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    without = 0
    with pq.ParquetWriter(out, _FLAT, compression="zstd") as writer:
        for labels in blocks:
            writer.write_table(_flat(labels))
            without += len(labels.images) - len(np.unique(labels.rows))
    one, many = "photo without boxes is left out", "photos without boxes are left out"
    return (f"{counted(without, one, many)}, as each row is a box",) if without else ()


def _flat(labels: Labels) -> pa.Table:
    """Return one row per object, with boxes as xyxy in pixels."""
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
    return pa.table(columns | {name: pa.array(values) for name, values in sides}, _FLAT)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files of a folder.

    For a link, which only a person can have put there, its target's path counts.
    """
    if path.is_file():
        return sha256_of(path)
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_symlink():
            digest.update(f"{file.relative_to(path).as_posix()} -> {os.readlink(file)}\n".encode())
        elif file.is_file():
            digest.update(f"{file.relative_to(path).as_posix()} {digest_of(file)}\n".encode())
    return digest.hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
