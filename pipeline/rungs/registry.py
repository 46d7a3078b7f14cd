"""The ladder: every rung, in the order in which they are trained and shown."""

from pipeline.errors import InputError
from pipeline.rungs.largest import rung as largest
from pipeline.rungs.rung import Rung
from pipeline.rungs.ssd import rung as ssd

RUNGS: tuple[Rung, ...] = (*largest.RUNGS, *ssd.RUNGS)


def find_rung(name: str) -> Rung:
    """Return the rung called `name`; an unknown one is an `InputError` that lists them."""
    for rung in RUNGS:
        if rung.name == name:
            return rung
    raise InputError(f"{name}: no such rung; there are {', '.join(rung.name for rung in RUNGS)}")
