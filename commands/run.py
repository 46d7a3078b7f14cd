"""`ladder run`: run the ladder with a profile or with other parameters.

Examples:
  ladder run -S train.ssd_fpn.late.epochs=40     params.yaml with another value
  ladder run voc2007                             Pascal VOC 2007, downloaded and checked
  ladder run voc2007 --photos photos/mine -S fetch.split=fraction
  ladder run voc2007 --only evaluate@ssd_fpn     one rung

A profile is a file in profiles/ that overrides the committed params.yaml; what an earlier profile
has set is undone. If the run succeeds, params.yaml keeps the values and DVC saves an experiment; if
it fails or is stopped, params.yaml is as it was before, and the same command continues. What you
edit in params.yaml during such a run is kept next to it. With --only the other stages stay out of
date, in the experiment, too; `ladder run` alone brings them up to date.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commands.options.ladder import add_only, add_profile, add_settings
from commands.options.parser import command_parser
from pipeline.errors import InputError
from pipeline.exit_codes import INTERRUPTED, TERMINATED
from pipeline.files import LOCK, PARAMS, PROFILES
from pipeline.params.params import Params, check_params
from pipeline.processes import die_with_parent, terminate_children
from pipeline.profiles import (
    FlatParams,
    parse_setting,
    profile_names,
    profile_values,
    refuse_unknown,
)
from pipeline.repair.experiments import check_name, save_experiment
from pipeline.repair.lock_file import mend_lock
from pipeline.repair.params_guard import params_during, restore_params
from pipeline.side_by_side.plan import check_targets
from pipeline.tracking.git_state import committed_params, flat_params_of
from pipeline.yaml_file import parse_yaml, read_yaml, with_values

_ALL = ("--all-pipelines",)
_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_TO_HEAR = 3.0
# A stage that is told to stop ends itself within ten seconds, whatever it hangs in.
_SECONDS_TO_STOP = 12.0
_BACK = "git restore --staged --worktree params.yaml dvc.lock metrics && make repro"


def main(arguments: Sequence[str]) -> int:
    """Run what is out of date with the wanted parameters; return DVC's exit code."""
    options = _parse(arguments)
    if options.photos and not options.photos.is_dir():
        raise InputError(f"{options.photos}: no such folder; name one that holds photos and labels")
    if options.name:
        check_name(options.name)
    if restore_params():
        print(f"{PARAMS}: undid what a run that was cut off had set")
    mend_lock()
    current = flat_params_of(read_yaml(PARAMS), str(PARAMS))
    wanted = wanted_params(options.profile, options.photos, options.settings, current)
    changed = {key: value for key, value in wanted.items() if current[key] != value}
    text, _ = params_with(changed)
    if options.only:
        check_targets(options.only)
    given = wanted_params(None, options.photos, options.settings, current)
    listed = changed.keys() if options.dry else changed.keys() & given.keys()
    for key in sorted(listed):
        print(f"{key}: {current[key]} -> {changed[key]}")
    if of_profile := len(changed.keys() - listed):
        print(f"{PROFILES / options.profile}.yaml: {of_profile} parameters; --dry lists them")
    if options.dry:
        with params_during(text):
            return _dvc("repro", "--dry", *(options.only or _ALL))
    started = f"{datetime.now():%Y%m%d-%H%M%S}"
    name = options.name or f"{options.profile or 'run'}-{started}"
    return run_and_save(text, name, options.only)


def run_and_save(text: str, name: str, only: Sequence[str]) -> int:
    """Run these stages, or all, with this `params.yaml`; save that as an experiment of DVC."""
    with params_during(text) as keep:
        code = _dvc("repro", *(only or _ALL), DVC_EXP_NAME=name)
        if code == 0:
            keep()
    if code:
        again = "the same command continues"
        if code not in (INTERRUPTED, TERMINATED):
            again = f"correct what is wrong, and {again}"
        print(f"{PARAMS} is as it was before; finished stages are kept: {again}")
    elif _differs_from_commit():
        # Without targets DVC would record the outputs of all stages as made with these parameters.
        try:
            save_experiment(name, only)
            print(f"saved as the experiment {name}")
        except InputError as error:
            print(f"not saved as an experiment: {error}")
        print(f"{PARAMS}, dvc.lock and metrics/ hold this experiment; to return to the commit:")
        print(f"  {_BACK}")
    return code


def wanted_params(
    profile: str | None, photos: Path | None, settings: Sequence[str], current: FlatParams
) -> FlatParams:
    """Return the parameters that this run sets, by dotted keys.

    Args:
        profile: name of a profile; with one, what any profile sets is first reset as committed.
        photos: a folder to read instead of the profile's source.
        settings: `KEY=VALUE`.
        current: all parameters of `params.yaml`.

    Raises:
        InputError: one of them is unknown or cannot be read.
    """
    wanted: FlatParams = {}
    if profile:
        committed = committed_params()
        touched = {key for name in profile_names() for key in profile_values(name, committed)}
        wanted = {key: committed[key] for key in sorted(touched | {"fetch.path"})}
        wanted |= profile_values(profile, committed)
    if photos:
        wanted |= {"fetch.source": "local", "fetch.path": str(photos)}
    for setting in settings:
        values = parse_setting(setting)
        refuse_unknown(values, current, f"-S {setting}")
        wanted |= values
    missing = [key for key in wanted if key not in current]
    if missing:
        raise InputError(f"{PARAMS}: missing parameter {', '.join(missing)}; `git restore` it")
    return wanted


def params_with(changed: FlatParams) -> tuple[str, Params]:
    """Return `params.yaml` with other values, its layout kept, and the parameters in it.

    Raises:
        InputError: a value is out of range.
    """
    text = with_values(PARAMS.read_text(), changed)
    name = "the parameters of this run" if changed else str(PARAMS)
    return text, check_params(parse_yaml(text, str(PARAMS)), name)


def _differs_from_commit() -> bool:
    words = ["git", "diff", "--quiet", "HEAD", "--", str(PARAMS), str(LOCK)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 1


def _dvc(*words: str, **environment: str) -> int:
    """Return the exit code of a DVC command, or that of the Ctrl-C or SIGTERM that stopped it."""
    print(" ".join(["dvc", *words]), flush=True)
    command = [sys.executable, "-m", "dvc", *words]
    with _stops_noted() as stops:
        started = subprocess.Popen(
            command, env=os.environ | environment, preexec_fn=die_with_parent
        )
        code = _wait(started, stops)
    if not (stops and code):
        return code
    return INTERRUPTED if stops[0].number == signal.SIGINT else TERMINATED


@dataclass(frozen=True)
class _Stop:
    """A signal to end this process, and when it came."""

    number: int
    at: float


def _wait(dvc: subprocess.Popen, stops: list[_Stop]) -> int:
    """Return DVC's exit code; after a signal, end its stage, so that DVC ends, too.

    A terminal sends Ctrl-C to the stage as well, but a SIGTERM, or a SIGINT to this process alone,
    does not reach it.
    """
    while True:
        try:
            return dvc.wait(_SECONDS_BETWEEN_LOOKS)
        except subprocess.TimeoutExpired:
            seconds = time.monotonic() - stops[0].at if stops else 0.0
            if seconds > _SECONDS_TO_STOP:
                dvc.terminate()
            elif stops and (stops[0].number == signal.SIGTERM or seconds > _SECONDS_TO_HEAR):
                terminate_children(dvc.pid)


@contextmanager
def _stops_noted() -> Iterator[list[_Stop]]:
    """Leave Ctrl-C and SIGTERM to the process that this one waits for; yield those that came."""
    stops: list[_Stop] = []

    def note(number: int, frame: object) -> None:
        stops.append(_Stop(number, time.monotonic()))

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    add_profile(parser)
    add_settings(parser)
    add_only(parser)
    parser.add_argument("--name", help="name of the experiment (default: profile, date and time)")
    parser.add_argument("--dry", action="store_true", help="only show what would run")
    return parser.parse_args(arguments)
