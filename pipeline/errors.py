"""The one error that the user is meant to read."""


class InputError(Exception):
    """The user's input is wrong; the message is one line: file, item, remedy.

    It quotes names and values from files of strangers, so what would break the line, or speak to a
    terminal, is written as an escape.
    """

    def __init__(self, message: str):
        super().__init__(one_line(message))


def one_line(text: str) -> str:
    r"""Return a text with every character that does not print as Python writes it.

    >>> print(one_line("a\nb\x1b[2J é"))
    a\nb\x1b[2J é
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
