"""`python -m benchmarks.ablate STUDY`: what changes of a recipe are worth, seed by seed.

A study is a YAML file of benchmarks/studies/: a rung, a profile, seeds, and changes, each of a few
parameters or of a commit. Baseline and changes learn from four fifths of the photos of train and
are measured on the last fifth: val and test are taken out before. What has run is not run again.

Example:
  python -m benchmarks.ablate benchmarks/studies/ssd_fpn.yaml --photos FOLDER --out FOLDER
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.ablate.outcome import Outcome, minutes_of, outcomes_of
from benchmarks.ablate.study import BASELINE, Change, Study, read_study
from benchmarks.ablate.table import write_tables
from benchmarks.ablate.trials import run_trials
from benchmarks.measure import machine
from pipeline.exit_codes import exit_code

RESULTS = Path("benchmarks/results/ablations")


def main() -> None:
    """Run what has not run, write benchmarks/results/ablations/STUDY.json and the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, help="a YAML file of benchmarks/studies/")
    parser.add_argument("--photos", type=Path, help="a folder instead of the profile's source")
    parser.add_argument("--out", type=Path, required=True, help="of clones and trainings")
    options = parser.parse_args()
    stopped = "stopped: run the same command again to go on"
    sys.exit(exit_code(lambda: run(options.study, options.photos, options.out), stopped))


def run(path: Path, photos: Path | None, out: Path) -> None:
    """Run what has not run of a study, and report it all.

    Args:
        path: of the study.
        photos: see `run_trials`.
        out: see `run_trials`.
    """
    study = read_study(path)
    run_trials(study, photos, out)
    outcomes = outcomes_of(study, out)
    write_result(RESULTS / f"{path.stem}.json", study, outcomes, out)
    write_tables(RESULTS)
    for one in outcomes:
        change = sum(one.by_seed) / len(one.by_seed)
        print(
            f"{one.change}: {one.metric} {change:+.3f} ({one.low:+.3f} to {one.high:+.3f}), "
            f"{one.verdict}"
        )


def write_result(path: Path, study: Study, outcomes: list[Outcome], out: Path) -> None:
    """Write a study with its outcomes as JSON."""
    changes = [Change(name=BASELINE), *study.changes]
    minutes = {one.name: minutes_of(study.rung, one, study.seeds, out) for one in changes}
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": machine(),
        "study": study.model_dump(),
        "minutes": minutes,
        "outcomes": [asdict(one) for one in outcomes],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
