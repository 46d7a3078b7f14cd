"""What two results were made with, where it differs."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compare.sides.results import RungFiles

ABSENT = "not there"


@dataclass(frozen=True)
class Setting:
    """A parameter that A and B have with other values.

    Attributes:
        key: dotted, named alike in all rungs.
        a, b: its values as words.
        rungs: for which it differs in this way.
    """

    key: str
    a: str
    b: str
    rungs: tuple[str, ...]


def differing_settings(pairs: Sequence[tuple[str, RungFiles, RungFiles]]) -> list[Setting]:
    """Return the parameters that differ, those of several rungs once; each rung has a name."""
    rungs: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for rung, a, b in pairs:
        for key in sorted({*a.params, *b.params}):
            values = a.params.get(key, ABSENT), b.params.get(key, ABSENT)
            if values[0] != values[1]:
                at = (key, *values)
                rungs[at] = (*rungs.get(at, ()), rung)
    return [Setting(*at, names) for at, names in sorted(rungs.items())]


def differing_inputs(pairs: Sequence[tuple[str, RungFiles, RungFiles]]) -> list[str]:
    """Return the paths of code and data that A and B were made from, and that differ.

    What a result itself consists of (its model, its predictions) follows from them and is left out.
    A pair of which one side does not know says nothing.
    """
    paths = {
        path
        for _, a, b in pairs
        for path in a.deps.keys() & b.deps.keys()
        if a.deps[path] != b.deps[path]
    }
    return sorted(path for path in paths if not path.startswith(("models/", "predictions/")))
