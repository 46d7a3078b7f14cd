"""Stage `tables`: the normal Pascal JSON becomes `images`, `objects` and `largest`."""

import argparse
import gc
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from pipeline.files import fresh_folder
from pipeline.formats.columns import load_fetched
from pipeline.schemas import SPLITS
from pipeline.tables.build import build_tables, write_tables
from stages.entry import run_stage

SOURCE = Path("data/source/annotations.json")
OUTPUT = Path("data/tables")
_DROPPED_SHOWN = 10


def main() -> None:
    """Read data/source/annotations.json and write data/tables, with a short report."""
    argparse.ArgumentParser(prog="python -m stages.tables", description=main.__doc__).parse_args()
    tables = build_tables(load_fetched(SOURCE))
    with fresh_folder(OUTPUT) as folder:
        write_tables(folder, tables)
    print_report(tables.report)


def print_report(report: dict) -> None:
    """Print photos and objects of each split and class, and what was clipped or dropped."""
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
        print(f"  and {more} more, in {OUTPUT / 'report.json'}")


if __name__ == "__main__":
    gc.disable()  # looking for cycles among a million small dicts takes longer than the work
    run_stage(main)
