"""The branch that results are committed to, which others push to as well."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.errors import InputError
from pipeline.tracking.git_state import run_git

_TRIES = 3


class Pushed(Enum):
    """How a push went."""

    YES = "pushed"
    OTHER_RESULT = "another result of the same stages was pushed meanwhile"


@dataclass(frozen=True)
class Branch:
    """A branch of the remote `origin`; whatever is checked out here follows it."""

    name: str

    def follow(self) -> None:
        """Bring what others have pushed.

        Raises:
            InputError: what is checked out here is no ancestor of it.
        """
        self._git("pull", "--quiet", "--ff-only", "origin", self.name)

    def push(self) -> Pushed:
        """Push the commits made here on top of what others have pushed.

        On newer code the commit of a result stays true: dvc.lock names by digest what each result
        was made from. Two results of one stage do not go together; then the branch is as before.

        Raises:
            InputError: the remote refuses, or others push faster.
        """
        said = ""
        for _ in range(_TRIES):
            if _run("pull", "--quiet", "--rebase", "--autostash", "origin", self.name).returncode:
                if not run_git("diff", "--name-only", "--diff-filter=U"):
                    raise InputError(f"origin/{self.name}: cannot be pulled; push again later")
                self._git("rebase", "--abort")
                return Pushed.OTHER_RESULT
            done = _run("push", "--quiet", "origin", f"HEAD:{self.name}")
            if not done.returncode:
                return Pushed.YES
            said = done.stderr.strip().replace("\n", " ")
        raise InputError(f"origin/{self.name}: not pushed: {said}")

    def take(self) -> None:
        """Give up the commits made here for those that were pushed."""
        self._git("fetch", "--quiet", "origin", self.name)
        self._git("reset", "--quiet", "--hard", "FETCH_HEAD")

    @property
    def aside(self) -> str:
        """The branch of the last result that was not committed to this one."""
        return f"retrain/{self.name}"

    def keep_aside(self, message: str, paths: Sequence[str]) -> None:
        """Push files as they are here to the branch `aside`, whatever it had before.

        Raises:
            InputError: the remote refuses.
        """
        add(paths)
        commit = run_git("commit-tree", run_git("write-tree"), "-p", "HEAD", "-m", message)
        self._git("push", "--quiet", "--force", "origin", f"{commit}:refs/heads/{self.aside}")

    def kept_aside(self) -> str:
        """Return the commit at the branch `aside`, nothing where there is none."""
        done = _run("fetch", "--quiet", "origin", f"refs/heads/{self.aside}")
        return "" if done.returncode else run_git("rev-parse", "FETCH_HEAD")

    def clear_aside(self) -> None:
        """Remove the branch `aside`, if it is there."""
        _run("push", "--quiet", "origin", "--delete", f"refs/heads/{self.aside}")

    def _git(self, *words: str) -> None:
        done = _run(*words)
        if done.returncode:
            said = done.stderr.strip().replace("\n", " ")
            raise InputError(f"git {words[0]} of {self.name}: {said}")


def commit(message: str, paths: Sequence[str]) -> bool:
    """Return whether files differed from the last commit and are committed now."""
    add(paths)
    if not _run("diff", "--cached", "--quiet", "--", *paths).returncode:
        return False
    done = _run("commit", "--quiet", "--message", message, "--", *paths)
    if done.returncode:
        raise InputError(f"git commit: {done.stderr.strip().splitlines()[-1]}")
    return True


def add(paths: Sequence[str]) -> None:
    """Add those of some files and folders to the index that are there."""
    _run("add", "--", *(path for path in paths if Path(path).exists()))


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)
