"""Which stages are out of date, in this folder or in the last commit alone."""

import re
import tempfile
from pathlib import Path

from pipeline.cycle.dvc_remote import error_line, run_dvc
from pipeline.errors import InputError
from pipeline.tracking.git_state import run_git

_ALWAYS = "track"  # always runs; no stage needs what it makes
_NAMED = re.compile(r"^(?:Running stage|ERROR: failed to reproduce) '([^']+)'", re.M)


def stale_by_commit() -> list[str]:
    """Return the stages whose data, parameters or code in the last commit differ from its dvc.lock.

    The files of this folder do not count: outputs may be older than dvc.lock.

    Raises:
        InputError: DVC cannot read the project.
    """
    with tempfile.TemporaryDirectory(prefix="ladder-commit-") as folder:
        run_git("clone", "--quiet", "--shared", ".", folder)
        return stale_stages(Path(folder))


def stale_stages(folder: Path = Path()) -> list[str]:
    """Return the stages whose data, parameters or code are not those in dvc.lock.

    Stages that depend on their outputs are left out, as these do not exist yet.

    Args:
        folder: the root of a project.

    Raises:
        InputError: DVC cannot read the project.
    """
    done = run_dvc("repro", "--dry", "--allow-missing", "--keep-going", folder=folder)
    # If an input has changed and is missing here, DVC fails, but it names the stage first.
    if done.returncode and "No such file or directory" not in done.stderr:
        raise InputError(f"dvc repro --dry: {error_line(done.stderr)}")
    named = _NAMED.findall(f"{done.stdout}\n{done.stderr}")
    return [name for name in dict.fromkeys(named) if name != _ALWAYS]
