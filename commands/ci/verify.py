"""`ladder verify`: check what a commit leaves to train, and whether its data was pushed.

Examples:
  ladder verify                         the last commit
  ladder verify --base origin/main      and whether the change since then is to blame

It needs no data and trains nothing. Stages that are out of date are a fault only if the change
since the base commit touches dvc.lock: then the committed results are not those of the commit.
"""

from collections.abc import Iterator, Sequence

from commands.options.parser import command_parser
from pipeline.cycle.dvc_remote import Lacking, has_remote, lacking_in_remote
from pipeline.cycle.stale import stale_by_commit
from pipeline.errors import InputError, listed
from pipeline.exit_codes import FAILED
from pipeline.files import LOCK
from pipeline.tracking.git_state import run_git


def main(arguments: Sequence[str]) -> int:
    """Print what is stale and what the remote lacks; return 1 if that is a fault."""
    parser = command_parser(__doc__)
    parser.add_argument("--base", metavar="COMMIT", help="that the change starts from")
    options = parser.parse_args(arguments)
    results_changed = bool(options.base) and lock_differs(options.base)
    faults = [
        *stale(stale_by_commit(), results_changed=results_changed),
        *not_pushed(results_changed=results_changed),
    ]
    for line in faults:
        print(f"WRONG {line}")
    return FAILED if faults else 0


def lock_differs(base: str) -> bool:
    """Return whether dvc.lock has changed since HEAD branched off from the commit `base`."""
    return bool(run_git("diff", "--name-only", f"{base}...HEAD", "--", str(LOCK)))


def stale(stages: Sequence[str], *, results_changed: bool) -> Iterator[str]:
    """Yield a fault if dvc.lock was changed and stages are still stale; else print them."""
    if not stages:
        print("ok    dvc.lock has the results of this data, these parameters and this code")
    elif results_changed:
        left = _some(stages)
        yield f"dvc.lock was changed, but stages are stale: {left}; `dvc repro` and commit it"
    else:
        print(f"ok    to run, with all that depends on them: {_some(stages)}")


def not_pushed(*, results_changed: bool) -> Iterator[str]:
    """Yield what the remote lacks and only the author can push; print what else it lacks."""
    if not has_remote():
        print("ok    no DVC remote: what is not in git exists only where it was made")
        return
    try:
        lacking = lacking_in_remote()
    except InputError as error:
        print(f"ok    DVC remote not checked: {error}")
        return
    yield from _faults_of(lacking, results_changed)


def _faults_of(lacking: Lacking, results_changed: bool) -> Iterator[str]:
    if lacking.data:
        yield f"not in the DVC remote: {_some(lacking.data)}; `dvc push` it where it is"
    if lacking.made and results_changed:
        yield f"not in the DVC remote: {_some(lacking.made)}; `dvc push` where they were made"
    elif lacking.made:
        print(f"ok    {len(lacking.made)} outputs are not in the DVC remote and will be made again")
    elif not lacking.data:
        print("ok    the DVC remote has all that this commit names")


def _some(names: Sequence[str]) -> str:
    return listed(names, most=8)
