"""`ladder promote`: make a model the champion of its rung, if it passes the gate.

Examples:
  ladder promote ssd_fpn                 the last result, compared with the champion
  ladder promote ssd_fpn --version 3     any version in MLflow
  ladder promote ssd_fpn --rollback      the previous champion again

Both models predict the current val photos. The candidate is refused, with exit code 3, if its
headline metric is worse by more than promote.tolerance and beyond chance, if a class has lost more
than promote.class_drop of its figure and beyond chance, or if a metric misses promote.floors.
Without a champion only the floors count. A champion trained on other classes cannot be compared
with, so that is a refusal, too; --force overrules it. Every decision is a tag of the version in
MLflow.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from commands.options.parser import command_parser
from pipeline.compare.common_photos import common_photos
from pipeline.compare.comparison import RungComparison, compare_rungs
from pipeline.compare.gate import Fall, below_floors, falls
from pipeline.compare.sides.rung_result import RungResult
from pipeline.compare.words import format_number, verdict
from pipeline.data.pixel_store import open_pixel_store
from pipeline.errors import InputError, listed
from pipeline.exit_codes import REFUSED
from pipeline.files import LOCK, PARAMS, PIXELS, TABLES
from pipeline.inference.mlflow_model import mlflow_model
from pipeline.params.params import Params, load_params
from pipeline.predictions import Predictions
from pipeline.report.ladder_table import METRICS
from pipeline.schemas import SCHEMAS, of_split, read_classes, read_table
from pipeline.tasks import Task
from pipeline.tracking.dvc_lock import digests, is_of, read_lock
from pipeline.tracking.mlflow_store import naming_store, store_uri, without_password
from pipeline.tracking.registry import CHAMPION, Registry, Version
from pipeline.tracking.run_tags import HEADLINE_SPLIT

if TYPE_CHECKING:
    from pipeline.inference.detector import Detector


@dataclass(frozen=True)
class Decision:
    """The gate's decision on a candidate.

    Attributes:
        falls: why it is refused; empty if it passes.
        words: the decision in one line.
    """

    falls: Sequence[Fall]
    words: str


def main(arguments: Sequence[str]) -> int:
    """Promote a model to champion, or refuse it and say which metric dropped."""
    options = _parse(arguments)
    params = load_params(PARAMS)
    params.rung(options.rung)  # raises if there is no such rung
    store = store_uri(Path())
    with naming_store(store):
        return _promote(options, params, store)


def _promote(options: argparse.Namespace, params: Params, store: str) -> int:
    registry = Registry.open(store, options.rung)
    if options.rollback:
        return _roll_back(registry)
    candidate = registry.find(options.version)
    champion = registry.champion()
    if champion and champion.number == candidate.number:
        print(f"{candidate.uri} is the champion of {options.rung} already")
        return 0
    decision = decide(candidate, champion, params, store)
    print_falls(decision.falls)
    print(decision.words)
    if decision.falls and not options.force:
        registry.note(candidate, decision.words)
        print(f"refused: {_named(champion)}; --force overrules", file=sys.stderr)
        return REFUSED
    forced = "forced, " if decision.falls else ""
    registry.note(candidate, forced + decision.words)
    registry.promote(candidate, champion)
    where = without_password(store)
    print(f"models:/{options.rung}@{CHAMPION} is version {candidate.number} now, in {where}")
    return 0


def decide(candidate: Version, champion: Version | None, params: Params, store: str) -> Decision:
    """Return the gate's decision on a candidate.

    Raises:
        InputError: one of the models cannot be loaded, the candidate was trained on other classes
            than the tables here, or the stored pixels are of other tables.
    """
    _check_pixels()
    mine = result_of(candidate, params, store)
    if champion is None:
        alone = compare_rungs(common_photos(mine, mine))
        found = below_floors(alone, params.promote.floors, champion=False)
        outcome = "refused, below a floor" if found else "passed, as there was no champion"
        return Decision(found, f"{outcome}: {_value(alone)}")
    detector = _loaded(champion, params, store)
    if other := classes_changed(detector.classes, mine.predictions.classes):
        return _not_comparable(champion, other, mine, params)
    comparison = compare_rungs(common_photos(_predicted(champion, detector, _images()), mine))
    found = falls(comparison, params.promote)
    outcome = "refused" if found else "passed"
    photos = f"on {len(comparison.common.images)} photos"
    compared = f"compared with version {champion.number} as A {photos}"
    return Decision(found, f"{outcome}, {compared}: {verdict(comparison)}")


def _not_comparable(champion: Version, other: str, mine: RungResult, params: Params) -> Decision:
    """Return the refusal of a candidate whose champion has other classes; floors apply, too."""
    alone = compare_rungs(common_photos(mine, mine))
    found = below_floors(alone, params.promote.floors, champion=False)
    why = f"cannot be compared with version {champion.number}: classes changed ({other})"
    classes = Fall("classes", math.nan, math.nan, math.nan, why)
    return Decision([classes, *found], f"refused, {why}: {_value(alone)}")


def classes_changed(before: Sequence[str], now: Sequence[str]) -> str:
    """Return in words how the classes changed; empty if they did not.

    >>> classes_changed(["cat", "dog"], ["cat", "eel"])
    'without dog, with eel'
    >>> classes_changed(["cat", "dog"], ["dog", "cat"])
    'in another order'
    """
    parts = (
        ("without", [name for name in before if name not in now]),
        ("with", [name for name in now if name not in before]),
    )
    said = [f"{word} {listed(names)}" for word, names in parts if names]
    return ", ".join(said) or ("" if list(before) == list(now) else "in another order")


def result_of(version: Version, params: Params, store: str) -> RungResult:
    """Return a version's predictions for the current val photos.

    Raises:
        InputError: it cannot be loaded, has other classes, or there are no val photos.
    """
    detector, images = _loaded(version, params, store), _images()
    if detector.classes != read_classes(images):
        raise InputError(
            f"{version.uri}: was trained on other classes than the tables here and cannot be "
            "judged on them; train on these, or take the data that it was trained on"
        )
    return _predicted(version, detector, images)


def _loaded(version: Version, params: Params, store: str) -> "Detector":
    from pipeline.inference.detector import Detector

    with mlflow_model(version.uri, store) as folder:
        device = params.train.shared.device
        return Detector.load(folder, device=device, decoding=params.predict)


def _images() -> pa.Table:
    return read_table(TABLES / "images.parquet", SCHEMAS["images"])


def _predicted(version: Version, detector: "Detector", images: pa.Table) -> RungResult:
    from pipeline.inference.predict_photos import predict_photos

    pixels = open_pixel_store(PIXELS, len(images))
    in_val = pc.equal(images["split"].cast("string"), HEADLINE_SPLIT).to_numpy()
    if not in_val.any():
        raise InputError(
            f"{TABLES}: no photo in {HEADLINE_SPLIT} to judge a model by; see fetch.split"
        )
    found = predict_photos(detector, images.filter(in_val), pixels[in_val])
    task = Task(detector.spec.task)
    table = read_table(TABLES / f"{task.table}.parquet", SCHEMAS[task.table])
    return RungResult(
        f"version {version.number}",
        version.rung,
        of_split(images, HEADLINE_SPLIT),
        of_split(table, HEADLINE_SPLIT),
        Predictions(found, task, detector.classes),
    )


def _check_pixels() -> None:
    table, lock = TABLES / "images.parquet", read_lock(LOCK)
    if "pixels" in lock and not is_of(digests(lock["pixels"].deps), table, table):
        raise InputError(f"{PIXELS}: of other photos than {table}; run `dvc repro pixels`")


def print_falls(found: Sequence[Fall]) -> None:
    """Print a table of why a candidate is refused; nothing if it is not."""
    if not found:
        return
    table = Table(title="What failed", title_justify="left", title_style="bold")
    table.add_column("metric or class")
    for name in ("champion", "candidate", "limit"):
        table.add_column(name, justify="right")
    table.add_column("why")
    for one in found:
        title, digits = METRICS.get(one.what, (one.what, 3))
        figures = (
            format_number(value, digits) for value in (one.champion, one.candidate, one.limit)
        )
        table.add_row(title, *figures, one.why)
    Console(file=sys.stdout, width=120, highlight=False).print(table)


def _roll_back(registry: Registry) -> int:
    earlier, champion = registry.roll_back()
    address = f"models:/{registry.rung}@{CHAMPION}"
    print(f"{address} is version {earlier.number} again, not {champion.number}")
    return 0


def _value(alone: RungComparison) -> str:
    title, digits = METRICS[alone.headline.metric]
    return f"{title} {format_number(alone.headline.b, digits)}"


def _named(champion: Version | None) -> str:
    return f"version {champion.number} stays champion" if champion else "there is no champion"


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("rung", metavar="RUNG", help="a name from the `train` section")
    one = parser.add_mutually_exclusive_group()
    one.add_argument(
        "--version", metavar="N", help="version of the registered model (the last result)"
    )
    one.add_argument(
        "--rollback", action="store_true", help="make the previous champion the champion again"
    )
    parser.add_argument("--force", action="store_true", help="overrule the gate")
    return parser.parse_args(arguments)
