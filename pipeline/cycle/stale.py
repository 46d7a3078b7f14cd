"""Which stages are out of date, in this folder or by the commit alone."""

import re
import tempfile
from pathlib import Path

from pipeline.cycle.dvc_remote import error_line, run_dvc
from pipeline.errors import InputError
from pipeline.tracking.git_state import run_git

_ALWAYS = "track"  # always run; it makes nothing that others need
_NAMED = re.compile(r"^(?:Running stage|ERROR: failed to reproduce) '([^']+)'", re.M)


def stale_by_commit() -> list[str]:
    """Return the stages for which dvc.lock of the last commit lacks data, parameters or code.

    Whatever lies in this folder is of no account: outputs may be older than dvc.lock.

    Raises:
        InputError: DVC cannot read the project.
    """
    with tempfile.TemporaryDirectory(prefix="ladder-commit-") as folder:
        run_git("clone", "--quiet", "--shared", ".", folder)
        return stale_stages(Path(folder))


def stale_stages(folder: Path = Path()) -> list[str]:
    """Return the stages whose data, parameters or code are not those in dvc.lock.

    What depends on their outputs is not told, as these do not exist yet.

    Args:
        folder: the root of a project.

    Raises:
        InputError: DVC cannot read the project.
    """
    done = run_dvc("repro", "--dry", "--allow-missing", "--keep-going", folder=folder)
    # Where what a stage reads has changed, DVC wants to see it, and fails as it is not here. That
    # is an answer, too.
    if done.returncode and "No such file or directory" not in done.stderr:
        raise InputError(f"dvc repro --dry: {error_line(done.stderr)}")
    named = _NAMED.findall(f"{done.stdout}\n{done.stderr}")
    return [name for name in dict.fromkeys(named) if name != _ALWAYS]
