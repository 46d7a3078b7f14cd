"""The one error that the user is meant to read."""


class InputError(Exception):
    """Something that the user gave is wrong; the message is one line: file, item, remedy."""
