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
        """Bring what others have pushed.

        Args:
            own: files and folders that may differ from the last commit, since a run that was
                stopped leaves them so, and the next one commits them.

        Raises:
            InputError: what is checked out here is no ancestor of it, or other tracked files differ
                from the last commit: work that the branch does not have would be lost or pushed.
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
            raise InputError(f"{other[0]}{more}: changed and not committed; commit or stash that")
        self._git("merge", "--quiet", "--ff-only", "FETCH_HEAD")

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
        """Give up the commit made here for those that were pushed; what is not committed stays.

        Raises:
            InputError: there are more commits than one, or a file that is not committed differs in
                what was pushed, too.
        """
        self._git("fetch", "--quiet", "origin", self.name)
        self._refuse_more_commits_than(1)
        self._git("reset", "--quiet", "--keep", "FETCH_HEAD")

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

    def _refuse_more_commits_than(self, allowed: int) -> None:
        """Refuse commits that what was fetched last does not have: only here are they kept."""
        ahead = run_git("log", "--format=%h %s", "FETCH_HEAD..HEAD").splitlines()
        if len(ahead) > allowed:
            branch = f"origin/{self.name}"
            raise InputError(
                f"HEAD: {counted(len(ahead), 'commit')} that {branch} lacks ({ahead[0]}); "
                f"push first, or give up what is not on it with `git reset --keep {branch}`"
            )

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
