"""The packages of the extra `export`, which most users do without."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import InputError


@contextmanager
def needs_extra(what: str) -> Iterator[None]:
    """Turn the failed import of a package into a line that says what to install.

    Args:
        what: that needs it, as the first words of the message.

    Raises:
        InputError: the package is not there.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or str(error)).partition(".")[0]
        raise InputError(
            f"{what}: needs the package {package}; install it: pip install {package}"
        ) from None
