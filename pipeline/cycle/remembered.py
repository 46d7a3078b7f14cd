"""Reuse results that another commit's dvc.lock has.

DVC's run cache cannot: it skips stages with `persist` outputs, as all of ours have.
"""

from collections.abc import Sequence

from pipeline.cycle.dvc_remote import why_failed
from pipeline.cycle.stale import stale_stages
from pipeline.files import LOCK, METRICS
from pipeline.tracking.git_state import committed_lock, run_git
from pipeline.yaml_file import parse_yaml, with_values

_EMPTY = "schema: '2.0'\nstages: {}\n"


def remember(commit: str, *, pull: bool) -> list[str]:
    """Take over another commit's results of stale stages; return the stages that they fit.

    DVC decides whether a result fits: one that was made from something else leaves its stage stale.

    Args:
        commit: one with a dvc.lock.
        pull: whether to pull outputs from the DVC remote, or only check them out from the cache.
    """
    content = parse_yaml(committed_lock(commit) or "{}", f"{LOCK} of {commit}")
    known = content.get("stages") if isinstance(content, dict) else None
    tried: list[str] = []
    while isinstance(known, dict):
        some = [name for name in stale_stages() if name in known and name not in tried]
        if not some:
            break
        text = LOCK.read_text() if LOCK.exists() else _EMPTY
        LOCK.write_text(with_values(text, {f"stages.{name}": known[name] for name in some}))
        _bring(commit, some, pull=pull)
        tried += some
    return [name for name in tried if name not in stale_stages()] if tried else []


def _bring(commit: str, stages: Sequence[str], *, pull: bool) -> None:
    """Bring the outputs of stages; metrics come from git."""
    if pull:
        why_failed(lambda repo: repo.pull(stages, allow_missing=True))
    else:
        why_failed(lambda repo: repo.checkout(stages, allow_missing=True))
    for stage in stages:
        name, _, rung = stage.partition("@")
        if name == "evaluate":
            path = METRICS / f"{rung}.json"
            path.parent.mkdir(exist_ok=True)
            run_git("restore", f"--source={commit}", "--", str(path))
