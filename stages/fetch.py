"""Stage `fetch`: puts labelled photos into data/source, unchanged."""

import argparse
import shutil
from pathlib import Path

import orjson

from pipeline.demo.painter import paint_demo
from pipeline.errors import counted, one_line
from pipeline.files import PARAMS, SOURCE, fresh_folder
from pipeline.formats.label_format import LabelledSet
from pipeline.formats.layout import find_set
from pipeline.params.fetch import FetchParams, SourceParams
from pipeline.params.params import load_params
from pipeline.photo_files import is_photo
from pipeline.sources.archives import OFFICIAL, download_all
from pipeline.sources.copies import copy_set
from pipeline.sources.packed import archives_in, laid_open
from stages.entry import run_stage

DOWNLOADS = Path("data/downloads")
_UNPACKED = ".unpacked"  # hidden, so it cannot clash with a user's set


def main() -> None:
    """Paint, copy or download the source in params.yaml into data/source; labels are not parsed."""
    argparse.ArgumentParser(prog="python -m stages.fetch", description=main.__doc__).parse_args()
    params = load_params(PARAMS).fetch
    with fresh_folder(SOURCE) as folder:
        fetch(params, folder)
        print(summary(folder))


def fetch(params: FetchParams, folder: Path) -> None:
    """Fill an empty folder with the photos and labels of a source."""
    if params.source == "demo":
        pascal = paint_demo(folder, params.demo.photos, params.demo.size, params.seed)
        (folder / "annotations.json").write_bytes(orjson.dumps(pascal))
    elif params.source == "local":
        for source in params.sets:
            copy_local(params.path / source.path, source, folder)
    else:
        unpacked = folder / _UNPACKED
        download_all(OFFICIAL[params.source], DOWNLOADS, unpacked)
        found = find_set(unpacked)
        copy_set(found, folder, passing=True)
        print(labels_line(found, found.labels.relative_to(unpacked)))
        shutil.rmtree(unpacked)


def copy_local(place: Path, source: SourceParams, folder: Path) -> None:
    """Copy one of the user's sets, or the contents of its archives, to its path in `folder`."""
    out = folder / source.path
    if archives := archives_in(place):
        with laid_open(place, archives, folder / _UNPACKED) as opened:
            found = find_set(opened, source.format, source.labels)
            copy_set(found, out, passing=True)
            print(labels_line(found, place / found.labels.relative_to(opened)))
    else:
        found = find_set(place, source.format, source.labels)
        copy_set(found, out)
        print(labels_line(found, found.labels))


def labels_line(found: LabelledSet, labels: Path) -> str:
    """Return one line: the format of a set, and the path of its labels in the user's folder."""
    return one_line(f"labels: {found.format.name}, {labels}")


def summary(folder: Path) -> str:
    """Return one line: the number of photos and other files, and their total size."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    photos = sum(map(is_photo, files))
    size = sum(file.stat().st_size for file in files) / 1e6
    others = counted(len(files) - photos, "other file")
    return f"{SOURCE}: {counted(photos, 'photo')} and {others}, {size:.1f} MB"


if __name__ == "__main__":
    run_stage(main)
