"""`ladder profile`: run the ladder with the parameters of one of `profiles/`.

A profile stands on `params.yaml` as it is committed: what an earlier profile has left there, this
one takes back.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import InputError

# Of a parameter that several files set the last one counts.
PROFILES = {
    "voc2007": ("pascal", "voc2007"),
    "lesson": ("pascal", "lesson"),
    "gpu": ("pascal", "voc2007", "gpu"),
}
_FOLDER, _PARAMS = Path("profiles"), Path("params.yaml")
_PLAIN = re.compile(r"[\w.-]+")


def main(arguments: Sequence[str]) -> int:
    """Run `dvc exp run` with a profile's parameters; further arguments go to DVC."""
    parser = argparse.ArgumentParser(
        prog="ladder profile", description=main.__doc__, allow_abbrev=False
    )
    parser.add_argument("profile", choices=PROFILES)
    parser.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="of photos and labels, for no download"
    )
    options, rest = parser.parse_known_args(arguments)
    if options.photos and not options.photos.is_dir():
        raise InputError(f"{options.photos}: no such folder; name one that holds photos and labels")
    wanted = profile_params(options.profile, committed_params(), options.photos)
    words = ["exp", "run"]
    for key, value in changes(wanted, _load(_PARAMS.read_text(), str(_PARAMS))):
        words += ["-S", f"{key}={_override(value)}"]
    print(" ".join(["dvc", *words, *rest]), flush=True)
    code = subprocess.run([sys.executable, "-m", "dvc", *words, *rest], check=False).returncode
    print("params.yaml and dvc.lock now hold this experiment; to return to the demo:")
    print("  git restore params.yaml dvc.lock && make repro")
    return code


def committed_params() -> dict[str, Any]:
    """Return `params.yaml` of git's last commit.

    Raises:
        InputError: there is no commit, or it has no such file.
    """
    shown = subprocess.run(
        ["git", "show", f"HEAD:./{_PARAMS}"], capture_output=True, text=True, check=False
    )
    if shown.returncode:
        raise InputError(
            f"no git commit with {_PARAMS} here, and an experiment of DVC starts from one; "
            "git clone the project"
        )
    return _load(shown.stdout, f"{_PARAMS} of the last commit")


def profile_params(
    profile: str, committed: dict[str, Any], photos: Path | None = None
) -> dict[str, Any]:
    """Return by dotted key all parameters that any profile sets, with the values of this one.

    Args:
        profile: one of `PROFILES`.
        committed: parameters that hold where the profile says nothing; not changed.
        photos: a folder to read instead of the official archives.

    Raises:
        InputError: a line sets what is no parameter.
    """
    params, touched = deepcopy(committed), {"fetch.path"}
    read = {file: read_profile(file) for files in PROFILES.values() for file in files}
    for file, values in read.items():
        for key in values:
            _check(committed, key, file)
            touched.add(key)
    for file in PROFILES[profile]:
        for key, value in read[file].items():
            section, _, last = key.rpartition(".")
            _get(params, section)[last] = value
    if photos:
        params["fetch"] |= {"source": "local", "path": str(photos)}
    leaves = (leaf for key in sorted(touched) for leaf in _leaves(key, _get(params, key)))
    return dict(leaves)


def read_profile(file: str) -> dict[str, Any]:
    """Return the parameters of `profiles/FILE.params`, one `key=value` a line, in its order."""
    lines = (_FOLDER / f"{file}.params").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {key: YAML(typ="safe").load(value) for key, value in pairs}


def changes(wanted: dict[str, Any], current: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the wanted parameters, by dotted key, whose values differ from the current ones."""
    for key, value in wanted.items():
        try:
            there = _get(current, key)
        except (KeyError, TypeError):
            there = None  # DVC or the first stage says what is wrong with this file
        if there != value:
            yield key, value


def _load(text: str, where: str) -> dict[str, Any]:
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as error:
        raise InputError(f"{where}: not YAML ({' '.join(str(error).split())}); mend it") from None


def _check(params: dict[str, Any], key: str, file: str) -> None:
    try:
        _get(params, key)
    except (KeyError, TypeError):
        raise InputError(f"{_FOLDER / file}.params: {key}: no such parameter; correct it") from None


def _get(params: dict[str, Any], key: str) -> Any:
    for section in key.split(".") if key else ():
        params = params[section]
    return params


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    else:
        yield key, value


def _override(value: Any) -> str:
    """Return a value as Hydra's grammar of overrides has it."""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
