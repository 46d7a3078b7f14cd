"""Stage `fetch`: the labelled photos become data/source, in one normal form."""

import argparse
from collections import Counter
from pathlib import Path

import orjson

from pipeline.errors import InputError
from pipeline.files import fresh_folder
from pipeline.params import FetchParams, load_params
from pipeline.schemas import SPLITS
from pipeline.sources.folders import read_source
from pipeline.tables.splits import assign_splits
from stages.entry import run_stage

OUTPUT = Path("data/source")
DOWNLOADS = Path("data/downloads")


def main() -> None:
    """Read the source that params.yaml names and write data/source: photos, annotations.json."""
    argparse.ArgumentParser(prog="python -m stages.fetch", description=main.__doc__).parse_args()
    params = load_params(Path("params.yaml")).fetch
    with fresh_folder(OUTPUT) as folder:
        pascal = fetch(params, folder)
        (folder / "annotations.json").write_bytes(_to_json(pascal, _source_name(params)))
    print(summary(pascal))


def fetch(params: FetchParams, folder: Path) -> dict:
    """Fill `folder/photos` and return the Pascal JSON of its photos, each with a split."""
    found = read_source(
        params.source,
        folder,
        path=params.path,
        downloads=DOWNLOADS,
        demo_photos=params.demo.photos,
        demo_size=params.demo.size,
        seed=params.seed,
    )
    pascal = assign_splits(
        found,
        params.split,
        where=_source_name(params),
        val_fraction=params.val_fraction,
        test_fraction=params.test_fraction,
        seed=params.seed,
    )
    _remove_left_out(found, pascal, folder / "photos")
    return pascal


def _source_name(params: FetchParams) -> str:
    """Return what messages call the source."""
    return str(params.path) if params.source == "local" else params.source


def _to_json(pascal: dict, where: str) -> bytes:
    try:
        return orjson.dumps(pascal)
    except orjson.JSONEncodeError as error:  # in keys that nothing here reads, so none checks them
        problem = f"labels cannot be written as JSON ({error})"
        raise InputError(f"{where}: {problem}; export them without extra keys") from None


def _remove_left_out(found: dict, kept: dict, photos: Path) -> None:
    """Remove the copied photos of the images that the split leaves out."""
    before, after = ({image["file_name"] for image in x["images"]} for x in (found, kept))
    for name in before - after:
        (photos / name).unlink()


def summary(pascal: dict) -> str:
    """Return one line: photos, objects, classes and the photos of each split."""
    splits = Counter(image["split"] for image in pascal["images"])
    sizes = ", ".join(f"{split} {splits[split]}" for split in SPLITS if splits[split])
    return (
        f"{OUTPUT}: {len(pascal['images'])} photos, {len(pascal['annotations'])} objects, "
        f"{len(pascal['categories'])} classes; {sizes}"
    )


if __name__ == "__main__":
    run_stage(main)
