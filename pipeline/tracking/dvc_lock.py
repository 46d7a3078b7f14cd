"""What `dvc.lock` says about a result: its digest, its parameters, the data it came from."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import InputError

Stages = dict[str, dict[str, Any]]
# Path to stage and md5: a renamed stage stays in `dvc.lock`, which then has its outputs twice.
_Outs = dict[str, list[tuple[str, str]]]


def read_lock(path: Path) -> Stages:
    """Return the entries of a `dvc.lock` by stage name, none where there is no such file.

    Raises:
        InputError: the file is not YAML or not of the form that DVC writes.
    """
    try:
        content = YAML(typ="safe").load(path.read_text())
    except FileNotFoundError:
        return {}
    except (YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not valid YAML: {reason}; run `dvc repro`") from None
    stages = content.get("stages", {}) if isinstance(content, dict) else None
    if not isinstance(stages, dict) or not all(isinstance(e, dict) for e in stages.values()):
        raise InputError(f"{path}: stages: not a lock file of DVC; restore it with git")
    return stages


def digests(entry: dict[str, Any], kind: str) -> dict[str, str]:
    """Return path to md5 of an entry's files.

    Args:
        entry: one stage of a lock file.
        kind: `deps` or `outs`. Files without an md5 (a cloud dependency) are left out.
    """
    return {item["path"]: item["md5"] for item in entry.get(kind, []) if "md5" in item}


def maker(stages: Stages, path: str) -> str | None:
    """Return the name of the stage with this output, None when the lock file has none."""
    return next((name for name, entry in stages.items() if path in digests(entry, "outs")), None)


def fingerprint(stages: Stages, names: Iterable[str]) -> str:
    """Return the SHA-256 of what went in and out of stages: commands, parameters, md5s.

    Two results share a fingerprint exactly when data, parameters, code and model agree. Names of
    stages, sizes and file counts are left out: they say nothing more.

    Args:
        stages: the lock file.
        names: the stages that made the result, each of them in the lock file.
    """
    content = [
        {
            "cmd": stages[name].get("cmd"),
            "params": stages[name].get("params"),
            "deps": digests(stages[name], "deps"),
            "outs": digests(stages[name], "outs"),
        }
        for name in names
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def with_upstream(stages: Stages, names: Iterable[str]) -> list[str]:
    """Return `names` and the stages whose outputs they were made from, in the file's order.

    After a run that stopped half-way the lock file also holds newer stages, which this result has
    not seen: where path and md5 of an output do not both agree, it is not upstream. For a file
    inside an output the lock file has no md5 to compare with, and the path must do.
    """
    outs = _all_outs(stages)
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            for path, md5 in digests(stages[name], "deps").items():
                waiting += _makers(outs, path, md5)
    return [name for name in stages if name in reached]


def _all_outs(stages: Stages) -> _Outs:
    outs: _Outs = {}
    for name, entry in stages.items():
        for path, md5 in digests(entry, "outs").items():
            outs.setdefault(path, []).append((name, md5))
    return outs


def _makers(outs: _Outs, path: str, md5: str) -> list[str]:
    folders = map(str, PurePosixPath(path).parents)
    around = [name for folder in folders for name, _ in outs.get(folder, ())]
    return around + [name for name, made in outs.get(path, ()) if made == md5]


def flat_params(stages: Stages, names: Iterable[str]) -> dict[str, Any]:
    """Return the parameters that stages were run with, nested keys joined by dots."""
    flat: dict[str, Any] = {}
    for name in names:
        for values in (stages[name].get("params") or {}).values():
            flat |= flatten(values)
    return flat


def flatten(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return one level of keys joined by dots: `{"a": {"b": 1}}` becomes `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        name = f"{prefix}{key}"
        flat |= flatten(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat
