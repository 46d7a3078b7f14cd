"""The git commit that a result belongs to; nothing where there is no git or no commit."""

import subprocess
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import LOCK, PARAMS
from pipeline.profiles import FlatParams
from pipeline.yaml_file import flatten, parse_yaml

# What DVC itself writes during a run does not make a working copy differ from its commit.
_WRITTEN_BY_DVC = (":!params.yaml", ":!dvc.lock", ":!metrics")


def git_tags() -> dict[str, str]:
    """Return the tags of the commit and of whether the working copy differs from it."""
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
    """Return the lines of the last commit's files in a folder that hold `pattern`, stripped."""
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
            f"no git commit with {PARAMS} here, and a profile is laid over the committed one; "
            "git clone the project"
        )
    name = f"{PARAMS} of the last commit"
    return flat_params_of(parse_yaml(shown.stdout, name), name)


def committed_lock(commit: str = "HEAD") -> str:
    """Return the text of a commit's dvc.lock, nothing where it has none."""
    return run_git("show", f"{commit}:./{LOCK}")


def flat_params_of(content: object, name: str) -> FlatParams:
    """Return parameters by dotted keys; `name` is the file that they are from, for the message.

    Raises:
        InputError: there are none in it.
    """
    if not isinstance(content, dict):
        raise InputError(f"{name}: no parameters in it; `git restore {PARAMS}` brings it back")
    return flatten(content)


def run_git(*words: str) -> str:
    """Return what a git command prints, nothing when it fails."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
