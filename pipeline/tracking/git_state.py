"""The git commit that a result belongs to; nothing without git or without a commit."""

import subprocess
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import LOCK, PARAMS
from pipeline.profiles import FlatParams
from pipeline.yaml_file import flatten, parse_yaml

# Files that DVC itself writes during a run do not count as changes to the commit.
_WRITTEN_BY_DVC = (":!params.yaml", ":!dvc.lock", ":!metrics")


def git_tags() -> dict[str, str]:
    """Return the tags for the commit and for whether the working copy differs from it."""
    commit = run_git("rev-parse", "HEAD")
    if not commit:
        return {}
    changed = run_git("status", "--porcelain", "--", ".", *_WRITTEN_BY_DVC)
    return {"mlflow.source.git.commit": commit, "git.dirty": str(bool(changed)).lower()}


def is_committed(path: str) -> bool:
    """Return whether a file is the same as in git's last commit."""
    known = run_git("ls-tree", "--name-only", "HEAD", "--", path)
    return bool(known) and not run_git("diff", "--name-only", "HEAD", "--", path)


def committed_lines(pattern: str, folder: Path) -> list[str]:
    """Return the lines with `pattern` in a folder's files as of the last commit, stripped."""
    words = ("grep", "-h", "--fixed-strings", pattern, "HEAD", "--", f"{folder}/")
    return [line.strip() for line in run_git(*words).splitlines()]


def committed_params() -> FlatParams:
    """Return the parameters of git's last commit.

    Raises:
        InputError: there is no commit, or it has no such file.
    """
    words = ["git", "show", f"HEAD:./{PARAMS}"]
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    if shown.returncode:
        raise InputError(
            f"no git commit with {PARAMS} here, and a profile changes the committed parameters; "
            "git clone the project"
        )
    name = f"{PARAMS} of the last commit"
    return flat_params_of(parse_yaml(shown.stdout, name), name)


def committed_lock(commit: str = "HEAD") -> str:
    """Return the text of a commit's dvc.lock; nothing if it has none."""
    return run_git("show", f"{commit}:./{LOCK}")


def flat_params_of(content: object, name: str) -> FlatParams:
    """Return parameters by dotted keys; `name` is the file they come from, for the message.

    Raises:
        InputError: it holds none.
    """
    if not isinstance(content, dict):
        raise InputError(f"{name}: no parameters in it; `git restore {PARAMS}` brings it back")
    return flatten(content)


def run_git(*words: str) -> str:
    """Return what a git command prints; nothing if it fails."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
