"""The one error that the user is meant to read."""


class InputError(Exception):
    """The user's input is wrong; the message is one line: file, item, remedy."""
