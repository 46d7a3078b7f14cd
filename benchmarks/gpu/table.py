"""The figures of a GPU become tables that people read."""

import json
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError

START, END = "<!-- gpu: made by python -m benchmarks.gpu --render -->", "<!-- end of gpu -->"
_EVERY_MINUTES = 0.25  # an epoch of the curve that is shown


def render(report: Path, results: Path) -> None:
    """Put the tables of a run on a GPU between the two marks of the report.

    Raises:
        InputError: there are no results, or they are of a rehearsal without a GPU.
    """
    if not results.is_file():
        raise InputError(f"{results}: no results yet; make them with make gpu-check")
    run = json.loads(results.read_text())
    if not run["card"]:
        raise InputError(f"{results}: of a rehearsal without a GPU; run make gpu-check on one")
    head, rest = report.read_text().split(START)
    _, tail = rest.split(END)
    report.write_text(f"{head}{START}\n\n{section(run)}\n\n{END}{tail}")


def section(run: dict) -> str:
    """Return the tables of a run."""
    rows = run["rows"]
    packages = run["machine"]["packages"]
    parts = [
        f"{run['date']}, {run['card']}, driver {run['driver']}, torch {packages['torch']}, "
        f"{run['machine']['cores']} cores, commit {run['commit'][:7]}. {_tests(rows)}",
        _table(
            "rung | pixels | loop, photos/s | step on one batch | loop / step | peak memory",
            [
                [
                    row["rung"],
                    row["side"],
                    row["photos_per_s"],
                    row["step_per_s"],
                    f"{row['ratio']:.2f}",
                    f"{row['peak_mb']} MB",
                ]
                for row in rows.get("steps", [])
            ]
            + [
                ["torchvision's ssdlite320", row["side"], row["photos_per_s"], "", "", ""]
                for row in rows.get("reference", [])
            ],
        ),
        _table(
            "labelling | pixels | batch | photos/s | network alone",
            [list(row.values()) for row in rows.get("label", [])],
        ),
        _table(
            "a step of ssd_fpn | first, s | then, ms | pays after epochs",
            [
                ["never" if value is None else value for value in row.values()]
                for row in rows.get("choices", [])
            ],
        ),
        _table(
            "minute | epoch | voc_map_50",
            [
                [row["minute"], f"{row['epoch']} of {row['of']}", row["voc_map_50"]]
                for row in by_time(rows.get("training", []))
            ],
        ),
        *_cut(run["ended"]),
    ]
    return "\n\n".join(part for part in parts if part)


def by_time(rows: Sequence[dict]) -> list[dict]:
    """Return the epochs a quarter of a minute apart at least, and the last."""
    kept: list[dict] = []
    for row in rows:
        if not kept or row["minute"] - kept[-1]["minute"] >= _EVERY_MINUTES or row is rows[-1]:
            kept.append(row)
    return kept


def _tests(rows: dict) -> str:
    outcomes = [row["outcome"] for row in rows.get("gpu_tests", [])]
    counts = [f"{outcomes.count(name)} {name}" for name in ("passed", "failed", "skipped")]
    return f"Tests marked `gpu`: {', '.join(counts)}."


def _cut(ended: dict[str, dict]) -> list[str]:
    """Return a line for the parts that are not complete."""
    cut = [f"{name} {end['how']}" for name, end in ended.items() if end["how"] != "complete"]
    return [f"Not complete: {'; '.join(cut)}."] if cut else []


def _table(head: str, rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return ""
    lines = [f"| {head} |", "|" + "---|" * (head.count("|") + 1)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])
