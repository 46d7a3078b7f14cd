"""`ladder doctor`: is everything that a run needs present and undamaged?

Above all it hashes again what `dvc.lock` names, in the workspace and in DVC's cache. DVC relies on
time stamps: it misses a bit that a failing disk has flipped, and `dvc repro --force` does not
repair a damaged object. --fix repairs what can be made again; damaged files go to .ladder/damaged,
and nothing is deleted.

Examples:
  ladder doctor                         everything
  ladder doctor --fix                   and repair what can be made again
  ladder doctor --no-cache              only the checks that take a second
"""

import argparse
from collections.abc import Callable, Iterator, Sequence

from commands.options.parser import command_parser
from pipeline.repair.contents import contents_findings
from pipeline.repair.environment import device_findings, packages_findings, weights_findings
from pipeline.repair.exclusive import mend
from pipeline.repair.finding import Finding
from pipeline.repair.lock_file import lock_findings
from pipeline.repair.mlflow_store import store_findings

Check = Callable[[], Iterator[Finding]]
# The lock file first: the last check goes by what is in it.
CHECKS: dict[str, Check] = {
    "packages": packages_findings,
    "device": device_findings,
    "weights": weights_findings,
    "lock": lock_findings,
    "store": store_findings,
    "contents": contents_findings,
}


def main(arguments: Sequence[str]) -> int:
    """Print what was found; return 1 if something is wrong and not repaired, else 0."""
    options = _parse(arguments)
    names = options.only or [name for name in CHECKS if name != "contents" or not options.no_cache]
    faults = [
        _is_left(finding, options.fix)
        for name in CHECKS
        if name in names
        for finding in CHECKS[name]()
    ]
    return 1 if any(faults) else 0


def _is_left(finding: Finding, fix: bool) -> bool:
    """Print a finding, after repairing it if asked to; return whether a fault is left."""
    if finding.remedy and finding.mend and fix:
        print(f"MENDED {finding.what}; {mend(finding)}", flush=True)
        return False
    if finding.remedy:
        print(f"WRONG {finding.what}; {finding.remedy}", flush=True)
    else:
        print(f"ok    {finding.what}", flush=True)
    return bool(finding.remedy)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument("--fix", action="store_true", help="repair what can be made again")
    parser.add_argument(
        "--no-cache", action="store_true", help="hash nothing of workspace and cache (quick)"
    )
    parser.add_argument(
        "--only", action="append", choices=CHECKS, help="this check; may be given several times"
    )
    return parser.parse_args(arguments)
