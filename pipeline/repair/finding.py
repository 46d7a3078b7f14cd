"""What a check has found: a line of the report, and what mends it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the report; one with a `remedy` is a fault.

    Attributes:
        what: was looked at, and how it is.
        remedy: what a person can do.
        mend: does it, and returns in words what was done; None where only a person can.
    """

    what: str
    remedy: str = ""
    mend: Callable[[], str] | None = None
