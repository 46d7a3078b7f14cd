"""`dvc.lock` as one `dvc repro` would have written it: DVC appends a new stage when it ends."""

from collections.abc import Sequence

from pipeline.files import LOCK, write_beside
from pipeline.repair.lock_file import stage_names, with_order


def read_order() -> list[str]:
    """Return the stages in the lock file, in its order; none if there is no such file."""
    return stage_names(LOCK.read_text(encoding="utf-8")) if LOCK.exists() else []


def restore_order(before: Sequence[str], order: Sequence[str]) -> None:
    """Put the stages of the lock file in order: first those that it had before, then the new ones.

    Args:
        before: the stages that it had, in its order.
        order: all stages in the order in which a `dvc repro` visits them.
    """
    wanted = [*before, *(name for name in order if name not in before)]
    now = read_order()
    if now == [name for name in wanted if name in now]:
        return
    from dvc.repo import Repo, lock_repo

    with Repo(_wait_for_lock=True) as repo, lock_repo(repo), repo.scm_context():
        text = with_order(LOCK.read_text(encoding="utf-8"), wanted)
        write_beside(LOCK, lambda beside: beside.write_text(text, encoding="utf-8"))
        repo.scm_context.track_file(str(LOCK))  # staged in git if DVC is configured to
