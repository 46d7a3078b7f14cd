"""Which stages are out of date, in this folder or in the last commit alone."""

import tempfile
from pathlib import Path

from pipeline.errors import InputError
from pipeline.tracking.git_state import run_git

_ALWAYS = "track"  # always runs; no stage needs what it makes


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
    from dvc.exceptions import DvcException
    from dvc.repo import Repo, lock_repo
    from dvc.repo.reproduce import get_active_graph, plan_repro

    # What `dvc repro --dry --allow-missing` does, in this process, as DVC takes longer to start.
    try:
        with Repo(folder) as repo, lock_repo(repo):
            graph = get_active_graph(repo.index.graph)
            return [
                stage.name
                for stage in plan_repro(graph)
                if stage.cmd
                and stage.name != _ALWAYS
                # A missing file counts as what the stage that makes it has in dvc.lock.
                and stage.changed(allow_missing=True, upstream=list(graph.successors(stage)))
            ]
    except DvcException as error:
        raise InputError(f"dvc: {' '.join(str(error).split())}") from None
