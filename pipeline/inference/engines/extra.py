"""The packages of the extra `export`, which most users do without."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import InputError


@contextmanager
def needs_extra(what: str) -> Iterator[None]:
    """Turn a failed import into an error that says what to install.

    Args:
        what: the option or file that needs the package; the message begins with it.

    Raises:
        InputError: the package is not installed.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or str(error)).partition(".")[0]
        raise InputError(
            f"{what}: needs the package {package}; install it: pip install {package}"
        ) from None
