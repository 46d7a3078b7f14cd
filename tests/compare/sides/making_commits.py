"""A git repository whose commits have lock files, and a cache with the files these list."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.tracking.dvc_cache import object_path
from tests.compare.making import TABLES, md5_of, write_lock


def git(folder: Path, *words: str) -> str:
    """Return the output of a git command, run with an author."""
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().strip()


def commit_result(
    folder: Path, cache: Path, rungs: Sequence[str], params: Mapping[str, object], message: str
) -> str:
    """Put the result in a folder into the cache, and commit its lock file."""
    write_lock(folder, rungs, params)
    kept = [*(f"predictions/{rung}.parquet" for rung in rungs)]
    for path in [*kept, *(f"data/tables/{one}.parquet" for one in TABLES)]:
        there = object_path(cache, md5_of(folder / path))
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / path, there)
    if not (folder / ".git").is_dir():
        git(folder, "init", "--quiet")
    git(folder, "add", "dvc.lock")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
