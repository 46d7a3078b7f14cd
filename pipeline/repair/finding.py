"""What a check found: a line of the report, and how to repair it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the report; with a `remedy` it is a fault.

    Attributes:
        what: what was checked, and its state.
        remedy: what the user can do; empty if nothing is wrong.
        mend: repairs it and returns in words what was done; None if only a person can.
    """

    what: str
    remedy: str = ""
    mend: Callable[[], str] | None = None
