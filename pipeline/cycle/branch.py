"""The branch that results are committed to, which others push to as well."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.errors import InputError, counted
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

    def follow(self, own: Sequence[str]) -> None:
        """Fast-forward to what others have pushed.

        Args:
            own: files and folders that may differ from the last commit: an interrupted run leaves
                them so, and the next one commits them.

        Raises:
            InputError: HEAD is not an ancestor of the branch, or other tracked files differ from
                the last commit: work that the branch does not have would be lost or pushed.
        """
        self._git("fetch", "--quiet", "origin", self.name)
        self._refuse_more_commits_than(0)
        changed = [
            "diff",
            "--name-only",
            "HEAD",
            "--",
            ":/",
            *(f":(exclude){path}" for path in own),
        ]
        if other := run_git(*changed).splitlines():
            more = f" and {len(other) - 1} more" if len(other) > 1 else ""
            raise InputError(f"{other[0]}{more}: changed but not committed; commit or stash it")
        self._git("merge", "--quiet", "--ff-only", "FETCH_HEAD")

    def push(self) -> Pushed:
        """Rebase the local commits onto what others have pushed, and push them.

        The commit of a result stays true on newer code, as dvc.lock names by digest what each
        result was made from. Two results of the same stage conflict; then nothing is pushed.

        Raises:
            InputError: the remote refuses, or others keep pushing first.
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
        """Drop the local commit in favour of what was pushed; uncommitted changes stay.

        Raises:
            InputError: there is more than one local commit, or what was pushed changes a file with
                uncommitted changes.
        """
        self._git("fetch", "--quiet", "origin", self.name)
        self._refuse_more_commits_than(1)
        self._git("reset", "--quiet", "--keep", "FETCH_HEAD")

    @property
    def aside(self) -> str:
        """The branch for the last result that was not committed to this one."""
        return f"retrain/{self.name}"

    def keep_aside(self, message: str, paths: Sequence[str]) -> None:
        """Push files as they are here to the branch `aside`, replacing what it had.

        Raises:
            InputError: the remote refuses.
        """
        add(paths)
        commit = run_git("commit-tree", run_git("write-tree"), "-p", "HEAD", "-m", message)
        self._git("push", "--quiet", "--force", "origin", f"{commit}:refs/heads/{self.aside}")

    def kept_aside(self) -> str:
        """Return the commit of the branch `aside`; empty if there is none."""
        done = _run("fetch", "--quiet", "origin", f"refs/heads/{self.aside}")
        return "" if done.returncode else run_git("rev-parse", "FETCH_HEAD")

    def clear_aside(self) -> None:
        """Delete the branch `aside`, if it exists."""
        _run("push", "--quiet", "origin", "--delete", f"refs/heads/{self.aside}")

    def _refuse_more_commits_than(self, allowed: int) -> None:
        """Refuse more local commits than allowed: nobody else has them."""
        ahead = run_git("log", "--format=%h %s", "FETCH_HEAD..HEAD").splitlines()
        if len(ahead) > allowed:
            branch = f"origin/{self.name}"
            raise InputError(
                f"HEAD: {counted(len(ahead), 'commit')} that {branch} lacks ({ahead[0]}); "
                f"push first, or discard what is not on it with `git reset --keep {branch}`"
            )

    def _git(self, *words: str) -> None:
        done = _run(*words)
        if done.returncode:
            said = done.stderr.strip().replace("\n", " ")
            raise InputError(f"git {words[0]} of {self.name}: {said}")


def commit(message: str, paths: Sequence[str]) -> bool:
    """Commit the files that differ from the last commit; return whether any did."""
    add(paths)
    if not _run("diff", "--cached", "--quiet", "--", *paths).returncode:
        return False
    done = _run("commit", "--quiet", "--message", message, "--", *paths)
    if done.returncode:
        raise InputError(f"git commit: {done.stderr.strip().splitlines()[-1]}")
    return True


def add(paths: Sequence[str]) -> None:
    """Add files and folders to the index, without those that do not exist."""
    _run("add", "--", *(path for path in paths if Path(path).exists()))


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)
