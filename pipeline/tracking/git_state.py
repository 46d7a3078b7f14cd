"""Which commit a result belongs to, by git; nothing where there is no git or no commit."""

import subprocess
from pathlib import Path

# What DVC itself writes during a run does not make a working copy differ from its commit.
_WRITTEN_BY_DVC = (":!params.yaml", ":!dvc.lock", ":!metrics")


def git_tags() -> dict[str, str]:
    """Return the tags of the commit and of whether the working copy differs from it."""
    commit = run_git("rev-parse", "HEAD")
    if not commit:
        return {}
    changed = run_git("status", "--porcelain", "--", ".", *_WRITTEN_BY_DVC)
    return {"mlflow.source.git.commit": commit, "git.dirty": str(bool(changed)).lower()}


def committed_lines(pattern: str, folder: Path) -> list[str]:
    """Return the lines of the last commit's files in a folder that hold `pattern`, stripped."""
    words = ("grep", "-h", "--fixed-strings", pattern, "HEAD", "--", f"{folder}/")
    return [line.strip() for line in run_git(*words).splitlines()]


def run_git(*words: str) -> str:
    """Return what a git command prints, nothing when it fails."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
