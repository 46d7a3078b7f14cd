"""DVC's experiments: their names, and saving one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline.errors import InputError
from pipeline.tracking.git_state import run_git


def check_name(name: str) -> None:
    """Check that a new experiment of this commit can have this name.

    Raises:
        InputError: DVC would refuse it, or there is one.
    """
    if "/" in name or not run_git("check-ref-format", "--normalize", f"refs/exps/{name}"):
        allowed = "use letters, digits, - and _"
        raise InputError(f"--name: an experiment of DVC cannot be called {name!r}; {allowed}")
    if run_git("rev-parse", "--verify", "--quiet", _ref(name)):
        remedy = f"choose another name, or first `dvc exp remove {name}`"
        raise InputError(f"--name: this commit already has an experiment {name}; {remedy}")


def save_experiment(name: str, stages: Sequence[str]) -> None:
    """Save what is here as an experiment.

    Args:
        name: one that `check_name` has let pass.
        stages: whose outputs it has, with those of before; all stages' if there are none.

    Raises:
        InputError: DVC cannot.
    """
    from dvc.repo import Repo

    try:
        with _without_plots(), Repo() as repo:  # in this process, as DVC takes longer to start
            repo.experiments.save(stages, name=name)
    except Exception as error:  # git's, too: a training is over that must not end in a traceback
        raise InputError(f"dvc exp save: {error}") from None


@contextmanager
def _without_plots() -> Iterator[None]:
    """Keep DVC from looking for plots to add to git, as all of ours are outputs of stages.

    It fails on a plot in a folder that is neither here nor in the cache, as in a fresh clone.
    """
    from dvc.repo.index import Index

    known = Index._plot_sources
    Index._plot_sources = []
    try:
        yield
    finally:
        Index._plot_sources = known


def _ref(name: str) -> str:
    commit = run_git("rev-parse", "HEAD")
    return f"refs/exps/{commit[:2]}/{commit[2:]}/{name}"
