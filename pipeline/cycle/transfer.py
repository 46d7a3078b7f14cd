"""Pull results and photos from the DVC remote, and push results to it."""

import sys

from pipeline.cycle.dvc_remote import (
    fetch_result,
    has_remote,
    lacking_here,
    why_failed,
    why_out_of_reach,
)
from pipeline.errors import InputError, counted

_KEPT = "what was trained is in the cache here; run this again when the remote answers"


def bring(base: str) -> bool:
    """Pull what the DVC remote has; return whether there is one that answers.

    Raises:
        InputError: photos are neither here nor in the remote.
    """
    remote = has_remote()
    reason = why_out_of_reach() if remote else ""
    if reason:
        print(f"warning: the DVC remote is out of reach ({reason}): training with what is here")
        where = "not here, and the DVC remote is out of reach"
    else:
        where = "neither here nor in " + ("the DVC remote" if remote else "a DVC remote")
    if remote and not reason:
        if failure := why_failed(lambda repo: repo.pull(allow_missing=True)):
            print(f"warning: dvc pull: {failure}")
        fetch_result(base)
    else:
        why_failed(lambda repo: repo.checkout(allow_missing=True))
    lacking = lacking_here()
    if lacking.data:
        raise InputError(f"{', '.join(lacking.data)}: {where}; `dvc push` it where it is")
    if lacking.made:
        outputs = counted(len(lacking.made), "output")
        print(f"to be made again: {outputs} of dvc.lock, {where}")
    sys.stdout.flush()
    return remote and not reason


def push_objects() -> str:
    """Push all results to the DVC remote, if there is one; return why that failed, or nothing."""
    if not has_remote():
        return ""
    failure = why_failed(lambda repo: repo.push())
    return f"not pushed by DVC: {failure}; {_KEPT}" if failure else ""
