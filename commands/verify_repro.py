"""`ladder verify-repro`: run the ladder twice from nothing, and compare the bytes.

Examples:
  ladder verify-repro                                      all rungs, with params.yaml as it is here
  ladder verify-repro --only evaluate@ssd_fpn              one rung
  ladder verify-repro voc2007 --photos photos/mine -S fetch.split=fraction

Two clones of the last commit run it in .ladder/, one after the other, each without a cache. Tables,
pixels, weights, histories, predictions, evaluation and metrics are compared; run times are not.
docs/reliability.md says what differs between machines.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from commands.options.ladder import add_only, add_profile, add_settings
from commands.options.parser import command_parser
from commands.run import params_with, wanted_params
from pipeline.errors import InputError
from pipeline.files import LOCK, PARAMS
from pipeline.params.params import Params
from pipeline.processes import die_with_parent
from pipeline.tracking.dvc_cache import cache_folder, file_digests
from pipeline.tracking.dvc_lock import digests, read_lock
from pipeline.tracking.git_state import flat_params_of, git_tags
from pipeline.yaml_file import read_yaml

_PLACE = Path(".ladder/verify-repro")
_MINUTES = "training/"  # how long each training took
_SHOWN = 12  # characters of a digest
_DIFFERENT = 1


def main(arguments: Sequence[str]) -> int:
    """Run the ladder twice from nothing, and return 1 if an output differs."""
    parser = command_parser(__doc__)
    add_profile(parser)
    add_settings(parser)
    add_only(parser)
    options = parser.parse_args(arguments)
    text, params = new_params(options.profile, options.photos, options.settings)
    targets = options.only or [f"evaluate@{rung}" for rung in params.rung_names]
    if git_tags().get("git.dirty") == "true":
        print("uncommitted changes are ignored: the last commit is verified")
    shutil.rmtree(_PLACE, ignore_errors=True)
    first, second = (
        made_from_nothing(_PLACE / name, text, targets) for name in ("first", "second")
    )
    differing = report(first, second)
    if differing:
        print(f"differs: {differing} of {len(first)} outputs; both are kept in {_PLACE}")
        return _DIFFERENT
    shutil.rmtree(_PLACE)
    print(f"the same bytes: {len(first)} outputs")
    return 0


def new_params(
    profile: str | None, photos: Path | None, settings: Sequence[str]
) -> tuple[str, Params]:
    """Return the params.yaml of both runs; a local folder of photos becomes an absolute path.

    Raises:
        InputError: a parameter is unknown or illegal.
    """
    current = flat_params_of(read_yaml(PARAMS), str(PARAMS))
    wanted = current | wanted_params(profile, photos, settings, current)
    if wanted["fetch.source"] == "local":
        wanted["fetch.path"] = str(Path(str(wanted["fetch.path"])).absolute())
    return params_with({key: value for key, value in wanted.items() if current[key] != value})


def made_from_nothing(folder: Path, params: str, targets: Sequence[str]) -> dict[str, str]:
    """Clone the last commit into a folder and run it; return the digest of each file made.

    Raises:
        InputError: git or DVC fails.
    """
    print(f"--- {folder.name} run, in {folder}", flush=True)
    _run("git", "clone", "--quiet", ".", str(folder))
    (folder / PARAMS).write_text(params)
    (folder / LOCK).unlink(missing_ok=True)  # may name stages that are not run here
    _run(sys.executable, "-m", "dvc", "repro", "--force", *targets, cwd=folder)
    return outputs(folder)


def outputs(project: Path) -> dict[str, str]:
    """Return path to digest of each output file of a project's stages, except run times."""
    cache = cache_folder(project)
    found: dict[str, str] = {}
    for entry in read_lock(project / LOCK).values():
        for path, md5 in digests(entry.outs).items():
            if not path.startswith(_MINUTES):
                found |= file_digests(cache, path, md5)
    return found


def report(first: Mapping[str, str], second: Mapping[str, str]) -> int:
    """Print whether each output is the same; return how many differ."""
    differing = [path for path in sorted({*first, *second}) if first.get(path) != second.get(path)]
    for path in differing:
        print(f"WRONG {path}: {_short(first.get(path))} and {_short(second.get(path))}")
    for path in sorted(first.keys() - set(differing)):
        print(f"ok    {path}: {_short(first[path])}")
    return len(differing)


def _short(digest: str | None) -> str:
    return digest[:_SHOWN] if digest else "absent"


def _run(*words: str, cwd: Path | None = None) -> None:
    """Run a command, with this Python first on PATH.

    Raises:
        InputError: it fails.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        words, cwd=cwd, env=os.environ | {"PATH": path}, preexec_fn=die_with_parent, check=False
    )
    if done.returncode:
        raise InputError(
            f"{' '.join(words[-3:])}: ended with {done.returncode}; see the lines above"
        )
