"""Which stages a commit leaves to be run, without the data."""

import re

from pipeline.cycle.dvc_remote import error_line, run_dvc
from pipeline.errors import InputError

_ALWAYS = "track"  # always run; it makes nothing that others need
_NAMED = re.compile(r"^(?:Running stage|ERROR: failed to reproduce) '([^']+)'", re.M)


def stale_stages() -> list[str]:
    """Return the stages that data, parameters or code of this commit make dvc.lock lack.

    What depends on their outputs is not told, as these do not exist yet.

    Raises:
        InputError: DVC cannot read the project.
    """
    done = run_dvc("repro", "--dry", "--allow-missing", "--keep-going")
    # Where what a stage reads has changed, DVC wants to see it, and fails as it is not here. That
    # is an answer, too.
    if done.returncode and "No such file or directory" not in done.stderr:
        raise InputError(f"dvc repro --dry: {error_line(done.stderr)}")
    named = _NAMED.findall(f"{done.stdout}\n{done.stderr}")
    return [name for name in dict.fromkeys(named) if name != _ALWAYS]
