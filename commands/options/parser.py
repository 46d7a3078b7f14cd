"""The parser that each command makes from its docstring, and how it parses numbers."""

import argparse
import math
from collections.abc import Callable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def command_parser(doc: str | None) -> argparse.ArgumentParser:
    """Return the parser of a sub-command, whose `--help` is its module's docstring.

    Args:
        doc: "`ladder NAME`: what it does." and, after an empty line, examples and notes.
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
    """Return a parser of an option's value as a number from `low` to `high`, both included."""
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
