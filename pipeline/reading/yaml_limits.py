"""Limits for YAML files: size, depth, and only types that JSON has as well."""

import datetime
import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    NodeEvent,
)

# As long as a dvc.lock with twenty times our stages, which takes five seconds to read.
MOST_CHARACTERS = 2_000_000
MOST_NODES = 200_000
MOST_DEPTH = 100
LONGEST_LINE_FOR_C = 500
_TOO_DEEP = f"is nested more than {MOST_DEPTH} deep"
_HALF = re.compile("[\ud800-\udfff]")


def fault_of_text(text: str) -> str:
    """Return why a YAML text must not be read; empty if it may.

    A few lines of aliases can expand to more than memory holds. The parser does not notice, as it
    keeps one copy, but whoever then walks the content does.
    """
    if len(text) > MOST_CHARACTERS:
        return f"is longer than {MOST_CHARACTERS:,} characters"
    # The scan is slow, and both are rare; deep indentation soon ends in a RecursionError.
    if "*" not in text and text.count("[") + text.count("{") < MOST_DEPTH:
        return ""
    return _fault_of_events(YAML(typ="safe", pure=True).parse(text))


def may_be_deep(text: str) -> bool:
    """Return whether a text that passes `fault_of_text` may be nested more than 1100 deep.

    The parser in C takes a fifth of the time, but crashes at about 20,000. Without brackets, of
    which there are few, a level starts further right than the one around it; only a list may start
    where its key does. So lines of `n` characters hold at most `2 n` levels.
    """
    return any(len(line) > LONGEST_LINE_FOR_C for line in re.split("[\r\n]", text))


def _fault_of_events(events: Iterator[Event]) -> str:
    """Return what is wrong with the nodes of a document, counting an alias as what it repeats."""
    nodes = 0
    sizes: dict[str, int] = {}  # by anchor
    around: list[tuple[str | None, int]] = []  # anchor, and the nodes before it
    for event in events:
        if isinstance(event, CollectionEndEvent):
            anchor, before = around.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
        elif isinstance(event, AliasEvent):
            if event.anchor in (anchor for anchor, _ in around):
                return f"*{event.anchor} repeats what it is in"
            nodes += sizes.get(event.anchor, 1)
        elif isinstance(event, NodeEvent):
            if isinstance(event, CollectionStartEvent):
                around.append((event.anchor, nodes))
            nodes += 1
        if len(around) > MOST_DEPTH:
            return _TOO_DEEP
        if nodes > MOST_NODES:
            return f"has more than {MOST_NODES:,} values, repeated ones counted"
    return ""


def fault_of_content(content: object, place: str = "", depth: int = 0) -> str:
    """Return what in the content JSON cannot express, except for integer keys; empty if nothing."""
    if depth > MOST_DEPTH:
        return _TOO_DEEP
    if isinstance(content, dict):
        for key, value in content.items():
            if type(key) not in (str, int) or "\0" in str(key):
                return f"the key {place}{key!r:.80} is not text; put it in quotes"
            if fault := fault_of_content(value, f"{place}{key}.", depth + 1):
                return fault
    elif isinstance(content, list):
        for number, value in enumerate(content):
            if fault := fault_of_content(value, f"{place}{number}.", depth + 1):
                return fault
    elif isinstance(content, str):
        if "\0" in content or _HALF.search(content):
            return f"{place[:-1]} has a zero or half a character in its text; take it out"
    elif not isinstance(content, bool | int | float | None):
        kind = "date" if isinstance(content, datetime.date) else type(content).__name__
        return f"{place[:-1]} = {content!s:.80} is a {kind}; put it in quotes"
    return ""
