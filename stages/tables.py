"""Stage `tables`: reads, checks and splits the labels, and writes them as Parquet."""

import argparse
from dataclasses import replace

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Column, Table

from pipeline.checks.all_checks import check_tables
from pipeline.checks.copies import check_copies, leak_in_words, without_leaked
from pipeline.checks.fingerprints import fingerprints
from pipeline.errors import InputError
from pipeline.files import FINDINGS, PARAMS, SOURCE, TABLES, fresh_folder
from pipeline.findings import Findings, write_findings
from pipeline.formats.labels import Labels
from pipeline.formats.read import read_labels
from pipeline.params.fetch import FetchParams, SourceParams
from pipeline.params.params import Params, load_params
from pipeline.schemas import SPLITS
from pipeline.tables.build import Report, Tables, build_tables, check_learnable, write_tables
from pipeline.tables.classes import choose_classes
from pipeline.tables.every_class import with_every_class
from pipeline.tables.join import as_machine, as_truth, join_sets
from pipeline.tables.photos import with_photos
from pipeline.tables.splits import assign_splits
from pipeline.tables.units import in_pixels
from stages.entry import naming_originals, run_stage

_DROPPED_SHOWN = 10


def main() -> None:
    """Read the labels in data/source and write data/tables, with a short report."""
    argparse.ArgumentParser(prog="python -m stages.tables", description=main.__doc__).parse_args()
    params = load_params(PARAMS)
    if not SOURCE.is_dir():
        raise InputError(f"{SOURCE}: no such folder; run the fetch stage first")
    with naming_originals(params.fetch):
        tables, findings = make_tables(params)
    with fresh_folder(TABLES) as folder:
        write_tables(folder, tables)
        write_findings(folder / FINDINGS.name, findings)
    print_report(tables.report)
    for line in findings.lines:
        print(line)


def make_tables(params: Params) -> tuple[Tables, Findings]:
    """Return the tables of data/source and the findings of the checks."""
    tables = build_tables(read_sets(params.fetch))
    check_learnable(tables)
    prints = fingerprints([SOURCE / photo for photo in tables.images["photo"].to_pylist()])
    leaked, copies = check_copies(tables.images, tables.objects, prints)
    if copies.leaked and params.tables.duplicates == "error":
        remedy = "remove them, or set tables.duplicates to drop"
        raise InputError(f"{SOURCE}: {leak_in_words(copies)}; {remedy}")
    if copies.leaked and params.tables.duplicates == "drop":
        del tables  # read again, so that millions of boxes are not held twice
        tables = build_tables(without_leaked(read_sets(params.fetch), leaked))
        try:
            check_learnable(tables)
        except InputError as error:
            why = f"tables.duplicates has dropped {leak_in_words(copies)}; keep one of each"
            raise error.reworded(lambda words: f"{words}; {why}") from None
        copies, prints = replace(copies, left_out=True), prints.of_photos(~leaked)
    return tables, check_tables(
        tables.images,
        tables.objects,
        decoded=prints.decoded,
        copies=copies,
        input_side=params.pixels.size,
    )


def read_sets(params: FetchParams) -> Labels:
    """Return the labels of all sets in data/source, joined, with splits and photos."""
    sets = [(source.path.as_posix(), _read_set(source, params)) for source in params.sets]
    classes = params.classes
    labels = choose_classes(
        join_sets(sets, SOURCE), rename=dict(classes.rename), keep=classes.keep, drop=classes.drop
    )
    parts = [(source, one) for source, (_, one) in zip(params.sets, sets, strict=True)]
    drawn_by = pa.chunked_array([_drawn_by(source, one) for source, one in parts])
    by_people = [np.full(len(one.images), source.role == "truth") for source, one in parts]
    return with_every_class(labels, drawn_by, np.concatenate(by_people), params.seed)


def _drawn_by(source: SourceParams, labels: Labels) -> pa.Array:
    """Return the names by which the splits of a set were drawn; nulls where they were not."""
    names = labels.images["file_name"].combine_chunks()
    is_drawn = source.role == "truth" and source.split == "fraction"
    return names if is_drawn else pa.nulls(len(names), pa.string())


def _read_set(source: SourceParams, params: FetchParams) -> Labels:
    labels = read_labels(SOURCE / source.path, source.format, source.labels)
    labels = in_pixels(with_photos(labels, SOURCE, params.turn))
    if source.role == "machine":
        return as_machine(labels)
    return assign_splits(
        as_truth(labels),
        source.split or params.split,
        val_fraction=params.val_fraction,
        test_fraction=params.test_fraction,
        seed=params.seed,
    )


def print_report(report: Report) -> None:
    """Print photos and objects of each split and class, what was clipped or dropped, and notes."""
    table = Table("", *(Column(split, justify="right") for split in SPLITS))
    for what in ("images", "objects"):
        table.add_row(what, *(str(report["splits"][split][what]) for split in SPLITS))
    table.add_section()
    for name, counts in report["classes"].items():
        table.add_row(name, *(str(counts[split]) for split in SPLITS))
    Console(markup=False, highlight=False).print(table)
    print(f"marked ignore: {report['ignored']}")
    print(f"photos without objects: {report['photos_without_objects']}")
    print(f"clipped to the photo: {report['clipped']}")
    print(f"dropped: {len(report['dropped'])}")
    for box in report["dropped"][:_DROPPED_SHOWN]:
        print(f"  {box['file']}: annotation {box['object_id']}: {box['reason']}")
    if len(report["dropped"]) > _DROPPED_SHOWN:
        more = len(report["dropped"]) - _DROPPED_SHOWN
        print(f"  and {more} more, in {TABLES / 'report.json'}")
    for note in report["notes"]:
        print(f"note: {note}")


if __name__ == "__main__":
    run_stage(main)
