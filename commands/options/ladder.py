"""Options of the commands that run the ladder."""

import argparse
from pathlib import Path

from pipeline.profiles import profile_names


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Add `PROFILE` and `--photos`, which say what the ladder runs on."""
    parser.add_argument(
        "profile",
        metavar="PROFILE",
        nargs="?",
        type=_profile_name,
        help=", ".join(profile_names()),
    )
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="FOLDER",
        help="read photos and labels from here instead of the profile's source",
    )


def _profile_name(name: str) -> str:
    names = profile_names()
    if name not in names:
        there = ", ".join(names) or "none here: run from the project's root folder"
        raise argparse.ArgumentTypeError(f"no such profile: {name}; there are {there}")
    return name


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add `-S`, which sets parameters of a run."""
    parser.add_argument(
        "-S",
        "--set-param",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set a parameter of params.yaml; may be given several times",
    )


def add_only(parser: argparse.ArgumentParser) -> None:
    """Add `--only`, which limits the run to a part of the ladder."""
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STAGE",
        help="run this stage and what it needs, e.g. evaluate@ssd_fpn; may be given several times",
    )
