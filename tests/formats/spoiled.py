"""Draws JSON that is correct except for one value, as people and tools leave it."""

from copy import deepcopy

from hypothesis import strategies as st

_VALUES = st.sampled_from(
    [None, True, 0, -1, 1.5, 1e400, float("nan"), 10**30, "", "x", [], [None], [[1]], {}, {"x": 1}]
)


@st.composite
def spoiled(draw: st.DrawFn, whole: object) -> object:
    """Return a copy in which one value, at any depth, is replaced or removed."""
    copy = deepcopy(whole)
    parent, key = draw(st.sampled_from(places(copy)))
    if isinstance(parent, dict) and draw(st.booleans()):
        del parent[key]
    else:
        parent[key] = draw(_VALUES)
    return copy


def places(item: object) -> list[tuple]:
    """Return container and key of every value, at any depth."""
    if not isinstance(item, dict | list):
        return []
    keys = list(item) if isinstance(item, dict) else range(len(item))
    return [place for key in keys for place in ((item, key), *places(item[key]))]
