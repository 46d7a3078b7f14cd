"""Results still in DVC's cache: of a commit, an experiment or an MLflow run."""

from pathlib import Path

from pipeline.compare.sides.results import RungFiles, Side, made_with
from pipeline.errors import InputError
from pipeline.files import LOCK, PREDICTIONS, TABLES
from pipeline.schemas import SCHEMAS
from pipeline.tracking.dvc_cache import cache_folder, object_path
from pipeline.tracking.dvc_lock import parse_lock
from pipeline.tracking.git_state import committed_lock, run_git
from pipeline.tracking.named_runs import NamedRun


def find_commit(name: str) -> str:
    """Return the commit of a revision or an experiment; nothing if there is none.

    Raises:
        InputError: several experiments have this name.
    """
    words = ("rev-parse", "--verify", "--quiet")
    commit = run_git(*words, f"{name}^{{commit}}")
    if commit:
        return commit
    experiments = run_git("for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{name}")
    several = experiments.splitlines()
    if len(several) > 1:
        short = ", ".join(one[:7] for one in several)
        raise InputError(f"{name}: {len(several)} experiments have this name; name one of {short}")
    return experiments


def result_of_commit(name: str, commit: str, root: Path) -> Side:
    """Return the result of a commit or an experiment; its lock file says what is in the cache.

    Raises:
        InputError: the commit has no lock file, or none with a finished rung.
    """
    short, _, subject = run_git("log", "-1", "--format=%h %s", commit).partition(" ")
    # For an experiment, DVC writes a digest of 64 digits as the subject.
    told = subject and not subject.startswith("dvc: commit experiment ")
    about = f"commit {short} ({subject})" if told else f"commit {short}"
    text = committed_lock(commit)
    lock = parse_lock(text, f"{LOCK} of {name}") if text else {}
    names = [stage.partition("@")[2] for stage in lock if stage.startswith("evaluate@")]
    made = {rung: made_with(lock, rung) for rung in names}
    made = {rung: (params, deps) for rung, (params, deps) in made.items() if deps}
    if not made:
        raise InputError(
            f"{LOCK} of {name}: no finished rung in it; name a commit that has results"
        )
    cache = cache_folder(root)
    rungs = {
        rung: _in_cache(cache, rung, params, deps, f"of {name}")
        for rung, (params, deps) in made.items()
    }
    return Side(name, about, rungs)


def result_of_run(name: str, run: NamedRun, root: Path) -> Side:
    """Return the result of a run, of one rung; its digests say what is in the cache."""
    about = f"run {run.run_id[:8]} ({run.name})"
    files = _in_cache(cache_folder(root), run.rung, dict(run.params), dict(run.deps), f"of {about}")
    return Side(name, about, {run.rung: files})


def _in_cache(
    cache: Path, rung: str, params: dict[str, str], deps: dict[str, str], of_whom: str
) -> RungFiles:
    """Return where the cache keeps the inputs of a rung's evaluate stage."""
    predictions = (PREDICTIONS / f"{rung}.parquet").as_posix()
    tables = {table: (TABLES / f"{table}.parquet").as_posix() for table in SCHEMAS}
    if predictions not in deps:
        raise InputError(
            f"{predictions} {of_whom}: its md5 is unknown; name the commit of the result"
        )
    return RungFiles(
        object_path(cache, deps[predictions]),
        {table: object_path(cache, deps[path]) for table, path in tables.items() if path in deps},
        params,
        deps,
        f"it is not in DVC's cache: `dvc fetch --all-commits {predictions} {TABLES}` brings it "
        "from a remote that has it",
    )
