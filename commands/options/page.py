"""Checks that a command may write its page where the user wants it."""

from pathlib import Path

from pipeline.errors import InputError

_HEAD = 1000  # bytes that contain a page's title


def check_page(out: Path, title: str, option: str) -> None:
    """Check that a page can be written to `out` and replaces nothing but an earlier one.

    Args:
        out: the file to write.
        title: the page's `<title>` element.
        option: names the file on the command line.

    Raises:
        InputError: it is a folder, has no folder, or is something else.
    """
    if out.is_dir():
        raise InputError(f"{out}: is a folder; name a file with {option}")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out}: its folder does not exist; name another with {option}")
    if out.is_file():
        with out.open("rb") as file:
            if title.encode() not in file.read(_HEAD):
                fault = "exists and is not a page of this command"
                raise InputError(f"{out}: {fault}; name another with {option}")
