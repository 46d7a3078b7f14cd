"""The one error that users are meant to read, and phrases that messages share."""

from collections.abc import Callable, Sequence


class InputError(Exception):
    """The user's input is wrong; the message is one line: file, item, remedy.

    It quotes names and values from untrusted files, so line breaks and control characters, which a
    terminal would act on, are escaped. A list that would be unreadable in one line follows below.
    """

    def __init__(self, message: str, *below: str):
        # All are passed on as arguments: pickle rebuilds an exception from those.
        super().__init__(*map(one_line, (message, *below)))

    def __str__(self) -> str:
        """Return the message and the lines below it."""
        return "\n".join(self.args)

    def reworded(self, change: Callable[[str], str]) -> "InputError":
        """Return a copy with `change` applied to the message and to each line below it."""
        return InputError(*map(change, self.args))


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun, or a phrase, in the singular or plural.

    >>> counted(1, "photo"), counted(2, "photo"), counted(1, "photo is new", "photos are new")
    ('1 photo', '2 photos', '1 photo is new')

    Args:
        count: how many there are.
        one: the words for one of them.
        many: the words for several; by default `one` with an s.
    """
    return f"{count} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return the first names, at most `most`, and how many more there are.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d"], most=2)
    ('a, b', 'a, b and 2 more')
    """
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def or_correct(left_out: Sequence[str]) -> str:
    """Return a second remedy for labels in which no object is left: what was left out of them.

    >>> or_correct(["1 label file belongs to no photo", "shapes left out: 2"])
    ', or correct what was left out: 1 label file belongs to no photo; shapes left out: 2'
    """
    return f", or correct what was left out: {'; '.join(left_out)}" if left_out else ""


def first_line(error: Exception) -> str:
    r"""Return the first line of a library's message, or the name of the error's type.

    >>> first_line(ValueError("cannot be read\n  at line 7")), first_line(KeyError())
    ('cannot be read', 'KeyError')
    """
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def one_line(text: str) -> str:
    r"""Return a text with every unprintable character escaped as in Python.

    >>> print(one_line("a\nb\x1b[2J é"))
    a\nb\x1b[2J é
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
