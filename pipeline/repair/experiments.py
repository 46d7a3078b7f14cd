"""The names of DVC's experiments."""

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


def _ref(name: str) -> str:
    commit = run_git("rev-parse", "HEAD")
    return f"refs/exps/{commit[:2]}/{commit[2:]}/{name}"
