"""`python -m benchmarks.gpu`: pack what travels, measure on the machine with the GPU, render."""

import argparse
import time
from pathlib import Path

from pipeline.exit_codes import exit_code

REPORT = Path("docs/performance.md")
RESULTS = Path("benchmarks/results/gpu.json")


def main() -> None:
    """Do what the command line asks for; a fault of the input is one line."""
    started = time.monotonic()
    options = _options()
    if options.pack:
        from benchmarks.gpu.pack import pack

        print("\n".join(pack(options.pack, options.photos)))
    elif options.source:
        from benchmarks.gpu.run import run

        run(options.source, options.results, started + 60 * options.minutes)
        print(options.results)
    else:
        from benchmarks.gpu.table import render

        render(REPORT, options.results)
        print(REPORT)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=main.__doc__)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--pack", type=Path, metavar="FOLDER", help="make the folder that travels")
    task.add_argument(
        "--from", type=Path, metavar="FOLDER", dest="source", help="measure with such a folder"
    )
    task.add_argument(
        "--render", action="store_true", help=f"put the results into {REPORT.as_posix()}"
    )
    parser.add_argument(
        "--photos", type=Path, default=Path("../shared/voc2007"), help="to pack (%(default)s)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="JSON (%(default)s)")
    parser.add_argument("--minutes", type=float, default=8, help="for all parts (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
