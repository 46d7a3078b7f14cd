"""The one error that the user is meant to read, and words that messages share."""

from collections.abc import Callable, Sequence


class InputError(Exception):
    """The user's input is wrong; the message is one line: file, item, remedy.

    It quotes names and values from files of strangers, so what would break the line, or speak to a
    terminal, is written as an escape. A list that would be unreadable in it follows below.
    """

    def __init__(self, message: str, *below: str):
        # All are arguments, by which an exception is built anew in another process.
        super().__init__(*map(one_line, (message, *below)))

    def __str__(self) -> str:
        """Return the message and the lines below it."""
        return "\n".join(self.args)

    def reworded(self, change: Callable[[str], str]) -> "InputError":
        """Return the error with its message and each line below it changed."""
        return InputError(*map(change, self.args))


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count and what is counted, also with what is said of it.

    >>> counted(1, "photo"), counted(2, "photo"), counted(1, "photo is new", "photos are new")
    ('1 photo', '2 photos', '1 photo is new')

    Args:
        count: of the things.
        one: of them, in words.
        many: the same of several; by default `one` with an s.
    """
    return f"{count} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return the first names, at most `most`, and how many more there are.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d"], most=2)
    ('a, b', 'a, b and 2 more')
    """
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def one_line(text: str) -> str:
    r"""Return a text with every character that does not print as Python writes it.

    >>> print(one_line("a\nb\x1b[2J é"))
    a\nb\x1b[2J é
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
