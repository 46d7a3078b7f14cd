"""The result in the folder of a project: this one or another clone."""

from pathlib import Path

from pipeline.compare.sides.results import RungFiles, Side, as_words, made_with
from pipeline.errors import InputError
from pipeline.files import LOCK, PARAMS, PREDICTIONS, SOURCE, TABLES
from pipeline.schemas import SCHEMAS
from pipeline.tracking.dvc_lock import read_lock
from pipeline.yaml_file import flatten, read_yaml


def result_in_folder(name: str, folder: Path) -> Side:
    """Return the result in the root folder of a project, this one or another clone.

    Raises:
        InputError: it has no predictions.
    """
    found = sorted((folder / PREDICTIONS).glob("*.parquet"))
    here = folder.resolve() == Path.cwd()
    if not found and here:
        raise InputError("this folder has no predictions yet: `make repro` makes them")
    if not found:
        raise InputError(
            f"{folder / PREDICTIONS}: no predictions; name the root folder of a project, "
            "where `dvc pull` or `dvc repro` brings them"
        )
    lock = read_lock(folder / LOCK)
    tables = {table: folder / TABLES / f"{table}.parquet" for table in SCHEMAS}
    rungs = {}
    for path in found:
        params, deps = made_with(lock, path.stem)
        rungs[path.stem] = RungFiles(
            path,
            tables,
            params or _params_in(folder, path.stem),
            deps,
            f"`dvc pull` or `dvc repro` in {folder} brings it",
        )
    where = "this folder" if here else "that folder"
    return Side(name, where, rungs, folder / SOURCE)


def _params_in(folder: Path, rung: str) -> dict[str, str]:
    path = folder / PARAMS
    content = read_yaml(path) if path.is_file() else {}
    return as_words(flatten(content) if isinstance(content, dict) else {}, rung)
