"""Options that several commands have, and the parser that each makes of its docstring."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipeline.files import MODELS
from pipeline.inference.label_scores import GivenScores
from pipeline.profiles import profile_names

Number = TypeVar("Number", int, float)


def command_parser(doc: str | None) -> argparse.ArgumentParser:
    """Return the parser of a sub-command, whose `--help` is its module's docstring.

    Args:
        doc: "`ladder NAME`: what it does." and, after an empty line, examples and what to know.
    """
    title, _, rest = (doc or "").partition("\n\n")
    name, _, what = title.partition(": ")
    return argparse.ArgumentParser(
        prog=name.strip("`") or None,
        description=what[:1].upper() + what[1:],
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def number(kind: type[Number], low: Number, high: Number | None = None) -> Callable[[str], Number]:
    """Return what reads an option's value as a number from `low` to `high`, both included."""
    legal = f"{low} or more" if high is None else f"from {low} to {high}"

    def read(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a number, {legal}: {text}") from None
        if not math.isfinite(value) or value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"must be {legal}: {text}")
        return value

    return read


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`, a folder or what MLflow keeps, see `commands.label.model_folder`."""
    parser.add_argument(
        "--model",
        default=str(MODELS / "ssd_fpn"),
        help="folder of a rung, or an MLflow URI such as models:/NAME@ALIAS (%(default)s)",
    )


def add_scores(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--score`, which `given_scores` reads; `what` is done with a box that scores above."""
    parser.add_argument(
        "--score",
        action="append",
        default=[],
        metavar="[CLASS=]SCORE",
        help=f"{what} what scores above this (default: a score for each class, chosen on val)",
    )


def given_scores(parser: argparse.ArgumentParser, words: list[str]) -> GivenScores:
    """Return the values of `--score`; end with usage where one is no score."""
    try:
        return GivenScores.parse(words)
    except ValueError:
        parser.error("--score must be from 0 to below 1, as in --score 0.4 or --score person=0.4")


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Add `PROFILE` and `--photos`, which say what the ladder is run on."""
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
        help="with photos and labels, to read instead of the profile's source",
    )


def _profile_name(name: str) -> str:
    names = profile_names()
    if name not in names:
        there = ", ".join(names) or "none here: run from the project's root folder"
        raise argparse.ArgumentTypeError(f"no such profile: {name}; there are {there}")
    return name


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add `-S`, which sets parameters for a run."""
    parser.add_argument(
        "-S",
        "--set-param",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter of params.yaml; may be given several times",
    )


def add_only(parser: argparse.ArgumentParser) -> None:
    """Add `--only`, which names a part of the ladder."""
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STAGE",
        help="run this stage and what it needs, as evaluate@ssd_fpn; may be given several times",
    )
