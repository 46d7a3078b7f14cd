"""What differs in how two results were made."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compare.sides.results import RungFiles

ABSENT = "not there"


@dataclass(frozen=True)
class Setting:
    """A parameter whose value differs between A and B.

    Attributes:
        key: dotted, the same for all rungs.
        a, b: its values as text.
        rungs: those for which it differs in this way.
    """

    key: str
    a: str
    b: str
    rungs: tuple[str, ...]


def differing_settings(pairs: Sequence[tuple[str, RungFiles, RungFiles]]) -> list[Setting]:
    """Return the parameters that differ, once for several rungs; each pair is named."""
    rungs: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for rung, a, b in pairs:
        for key in sorted({*a.params, *b.params}):
            values = a.params.get(key, ABSENT), b.params.get(key, ABSENT)
            if values[0] != values[1]:
                at = (key, *values)
                rungs[at] = (*rungs.get(at, ()), rung)
    return [Setting(*at, names) for at, names in sorted(rungs.items())]


def differing_inputs(pairs: Sequence[tuple[str, RungFiles, RungFiles]]) -> list[str]:
    """Return the paths of the code and data that differ between A and B.

    The parts of a result itself (model, predictions) follow from them and are left out, and so are
    paths that only one side has recorded.
    """
    paths = {
        path
        for _, a, b in pairs
        for path in a.deps.keys() & b.deps.keys()
        if a.deps[path] != b.deps[path]
    }
    return sorted(path for path in paths if not path.startswith(("models/", "predictions/")))
