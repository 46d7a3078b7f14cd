"""What `dvc.lock` records about a result: digests, parameters, and the data it came from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.files import md5_of
from pipeline.yaml_file import flatten, parse_yaml, read_yaml


class LockedFile(BaseModel):
    """A file or folder that a stage has read or written; one in a cloud has no md5."""

    path: str
    md5: str | None = None
    hash: str | None = None


class LockEntry(BaseModel):
    """What DVC recorded when it ran a stage; `params` has one dictionary per parameter file."""

    cmd: str | list[str] = ""
    deps: list[LockedFile] = []
    params: dict[str, dict[str, JsonValue]] = {}
    outs: list[LockedFile] = []


Stages = dict[str, LockEntry]
_STAGES = TypeAdapter(Stages)


def read_lock(path: Path) -> Stages:
    """Return the entries of a `dvc.lock` by stage name; none if there is no such file.

    Raises:
        InputError: the file is not YAML, or not in the form that DVC writes.
    """
    if not path.exists():
        return {}
    return _stages_in(read_yaml(path, "run `dvc repro`"), str(path))


def parse_lock(text: str, name: str) -> Stages:
    """Return the entries in the text of a `dvc.lock`; `name` says where it is from, for messages.

    Raises:
        InputError: it is not YAML, or not in the form that DVC writes.
    """
    return _stages_in(parse_yaml(text, name), name)


def _stages_in(content: JsonValue, name: str) -> Stages:
    try:
        if isinstance(content, dict):
            return _STAGES.validate_python(content.get("stages", {}))
    except ValidationError:
        pass
    raise InputError(f"{name}: stages: not a lock file of DVC; restore it with git")


def digests(files: Iterable[LockedFile]) -> dict[str, str]:
    """Return path to md5 of the files that have one."""
    return {file.path: file.md5 for file in files if file.md5 is not None}


def is_of(deps: Mapping[str, str], file: Path, recorded: Path) -> bool:
    """Return whether a stage has read a file as it is now; true if DVC has no record of it.

    Args:
        deps: the digests of what the stage has read.
        file: to compare.
        recorded: its path in `deps`.
    """
    md5 = deps.get(recorded.as_posix())
    return md5 is None or md5_of(file) == md5


def fingerprint(
    stages: Stages, names: Iterable[str], own_digests: Mapping[str, str] | None = None
) -> str:
    """Return the SHA-256 of the inputs and outputs of stages: commands, parameters, md5s.

    Two results have the same fingerprint exactly if data, parameters, code and model agree. Names
    of stages, sizes and file counts are left out, as they add nothing.

    Args:
        stages: the lock file.
        names: the stages that made the result, all of them in the lock file.
        own_digests: by path, a substitute for the md5 of an output that differs from run to run.
    """
    instead = own_digests or {}
    content = [
        {
            "cmd": entry.cmd,
            "params": entry.params,
            "deps": digests(entry.deps) | _of(entry.deps, instead),
            "outs": digests(entry.outs) | _of(entry.outs, instead),
        }
        for entry in (stages[name] for name in names)
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _of(files: Iterable[LockedFile], instead: Mapping[str, str]) -> dict[str, str]:
    return {file.path: instead[file.path] for file in files if file.path in instead}


def with_upstream(stages: Stages, names: Iterable[str]) -> list[str]:
    """Return `names` and the stages whose outputs they were made from, in the file's order.

    After an interrupted run the lock file also holds newer stages that this result was not made
    from: a stage is upstream only if both path and md5 of an output agree. For a file inside an
    output the lock file has no md5 to compare, so the path decides.
    """
    outs = _all_outs(stages)
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            for path, md5 in digests(stages[name].deps).items():
                waiting += _makers(outs, path, md5)
    return [name for name in stages if name in reached]


# Path to stages and md5s: `dvc.lock` keeps a renamed stage, and so lists its outputs twice.
def _all_outs(stages: Stages) -> dict[str, list[tuple[str, str]]]:
    outs: dict[str, list[tuple[str, str]]] = {}
    for name, entry in stages.items():
        for path, md5 in digests(entry.outs).items():
            outs.setdefault(path, []).append((name, md5))
    return outs


def _makers(outs: dict[str, list[tuple[str, str]]], path: str, md5: str) -> list[str]:
    folders = map(str, PurePosixPath(path).parents)
    around = [name for folder in folders for name, _ in outs.get(folder, ())]
    return around + [name for name, made in outs.get(path, ()) if made == md5]


def flat_params(stages: Stages, names: Iterable[str]) -> dict[str, JsonValue]:
    """Return the parameters that stages were run with; nested keys are joined by dots."""
    flat: dict[str, JsonValue] = {}
    for name in names:
        for values in stages[name].params.values():
            flat |= flatten(values)
    return flat


def stages_of_rung(stages: Stages, rung: str) -> list[str] | None:
    """Return the stages that train, predict and evaluate a rung; None before all have run."""
    names = [f"{stage}@{rung}" for stage in ("train", "predict", "evaluate")]
    return names if all(name in stages for name in names) else None


def alike_in_all_rungs(params: Mapping[str, JsonValue], rung: str) -> dict[str, JsonValue]:
    """Drop `shared` and the rung's name from keys, so that rungs can be compared key by key."""
    return {
        name.replace("train.shared.", "train.").replace(f"train.{rung}.", "train."): value
        for name, value in params.items()
    }
