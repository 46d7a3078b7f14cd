"""The trainings of a study, each in a clone of the project, kept in a folder of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ablate.held_out import write_train_photos
from benchmarks.ablate.study import BASELINE, HELD_OUT, Change, Study
from pipeline.errors import InputError
from pipeline.files import LOCK, METRICS, PARAMS, PREDICTIONS, TABLES, TRAINING, fresh_folder


@dataclass(frozen=True)
class Trial:
    """One training: a change, or the baseline, with one seed."""

    change: Change
    seed: int

    @property
    def folder_name(self) -> str:
        """A name for its folder."""
        return f"{self.change.folder_name}-{self.seed}"


def trials_of(study: Study) -> Iterator[Trial]:
    """Yield the trainings of a study, one seed of all changes after the other."""
    for seed in study.seeds:
        for change in (Change(name=BASELINE), *study.changes):
            yield Trial(change, seed)


def run_trials(study: Study, photos: Path | None, out: Path) -> None:
    """Run those trainings of a study that have not run yet.

    Args:
        study: what to try.
        photos: a folder to read instead of the profile's source.
        out: of clones, photos and results.

    Raises:
        InputError: a command of a training has failed; its log is named.
    """
    out = out.resolve()
    train = out / "photos"
    if not train.is_dir():
        project = clone(out, "")
        where = ["--photos", str(photos.resolve())] if photos else []
        _ladder(project, out / "photos.log", [*_run(study), *where, "--only", "tables"])
        write_train_photos(project, train)
    trials = list(trials_of(study))
    for number, trial in enumerate(trials, 1):
        result = out / "trials" / trial.folder_name
        state = "there already" if result.is_dir() else "runs"
        print(f"{number}/{len(trials)} {trial.change.name}, seed {trial.seed}: {state}", flush=True)
        if not result.is_dir():
            project = clone(out, trial.change.commit)
            run_trial(study, trial, project, train, result)


def run_trial(study: Study, trial: Trial, project: Path, photos: Path, result: Path) -> None:
    """Train, predict and evaluate in a clone, and keep what a comparison needs."""
    _git(project, "checkout", "--quiet", "--", str(PARAMS))  # of the trial before it
    settings = (
        *HELD_OUT,
        f"train.shared.seed={trial.seed}",
        *study.settings,
        *trial.change.settings,
    )
    words = [*_run(study), "--photos", str(photos), "--only", f"evaluate@{study.rung}"]
    words += [word for setting in settings for word in ("-S", setting)]
    result.parent.mkdir(parents=True, exist_ok=True)
    _ladder(project, result.with_name(f"{result.name}.log"), words)
    with fresh_folder(result) as folder:
        for name in ("images", "objects", "largest"):
            _keep(project, folder, TABLES / f"{name}.parquet")
        _keep(project, folder, PREDICTIONS / f"{study.rung}.parquet")
        _keep(project, folder, METRICS / f"{study.rung}.json")
        _keep(project, folder, TRAINING / f"{study.rung}.json")
        _keep(project, folder, LOCK)


def clone(out: Path, commit: str) -> Path:
    """Return a clone of this project at a commit, the one that is checked out for none."""
    folder = out / f"project{'-' if commit else ''}{commit.replace('/', '-')}"
    if not folder.is_dir():
        with fresh_folder(folder) as beside:
            _git(Path(), "clone", "--quiet", str(Path().resolve()), str(beside.resolve()))
            if commit:
                _git(beside, "checkout", "--quiet", "--detach", _fetched(beside, commit))
    return folder


def _fetched(project: Path, commit: str) -> str:
    """Return the commit, or the branch of this name as the origin has it."""
    words = ["git", "rev-parse", "--quiet", "--verify", f"origin/{commit}"]
    branch = subprocess.run(words, cwd=project, capture_output=True, text=True)
    return branch.stdout.strip() or commit


def _run(study: Study) -> list[str]:
    return ["run", study.profile] if study.profile else ["run"]


def _keep(project: Path, folder: Path, path: Path) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(project / path, folder / path)


def _ladder(project: Path, log: Path, words: Sequence[str]) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PYTHONPATH": str(project), "PATH": path}
    command = [sys.executable, "-m", "commands.main", *words]
    with log.open("w") as file:
        code = subprocess.run(
            command, cwd=project, env=environment, stdout=file, stderr=subprocess.STDOUT
        ).returncode
    if code:
        *_, last = ["", *filter(None, log.read_text(errors="replace").splitlines())]
        raise InputError(f"{log}: `ladder {' '.join(words)}` ended with {code}: {last}")


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)
