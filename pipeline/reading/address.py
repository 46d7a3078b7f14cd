"""Addresses of MLflow stores: which parts may be shown, and whether they are valid."""

import re
from urllib.parse import quote, unquote, urlsplit

from pipeline.errors import InputError

# A file path may contain any character; anything else with :// may contain a password.
_ADDRESS = re.compile(r"((?!sqlite|file:)[a-z][a-z0-9+.-]*://)(.+)", re.DOTALL | re.IGNORECASE)
_BREAKS = re.compile(r"[/?#@\s]")
_TELLING = 4  # characters from which part of a password gives it away; fewer occur in any text
_NAME = "MLFLOW_TRACKING_URI"
_ENCODE = (
    "write #, /, ? and @ of a user or password as %23, %2F, %3F and %40, or set "
    "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
)


def public_address(uri: str) -> str:
    """Return an address without user, password, query and fragment.

    Everything before the last @ counts as user and password, since a password may contain the
    characters that end a host.

    >>> public_address("https://me:pa/ss#w@host:5000/x?token=1")
    'https://host:5000/x'
    """
    found = _ADDRESS.match(uri)
    if not found:
        return uri
    scheme, rest = found.groups()
    return scheme + re.split(r"[?#]", rest.rpartition("@")[2])[0]


def without_secrets(text: str, uri: str) -> str:
    """Return a text, such as the error of a library, without the secrets of an address in it.

    If user and password contain characters that end them, libraries may split and quote them in
    any way; then nothing of the text is kept.
    """
    found = _ADDRESS.match(uri)
    if not found:
        return text
    shown = text.replace(uri, public_address(uri))
    user_info, _, rest = found[2].rpartition("@")
    if _BREAKS.search(user_info):
        return "the address has a password that is not encoded"
    query = re.split(r"[?#]", rest, maxsplit=1)[1:]
    values = [pair.rpartition("=")[2] for part in query for pair in re.split(r"[&#]", part)]
    parts = [part for part in re.split(r":|%\w\w", user_info) if len(part) >= _TELLING]
    words = [f"{user_info}@", user_info, user_info.partition(":")[2], *parts, *query, *values]
    quoted = {quote(word, safe="", errors="replace") for word in words}
    spelt = quoted.union(words, map(unquote, words)) - {"", "@", "%40"}
    for word in sorted(spelt, key=len, reverse=True):
        shown = shown.replace(word, "" if word.endswith("@") else "***")
    return shown


def check_address(uri: str) -> None:
    """Check that the address of a server is valid and holds nothing that MLflow would expose.

    Args:
        uri: of any store; only those of servers are checked.

    Raises:
        InputError: it is not; the message quotes nothing of it but the host.
    """
    found = _ADDRESS.match(uri)
    if not found or found[1].lower() not in ("http://", "https://"):
        return
    if _BREAKS.search(found[2].rpartition("@")[0]):
        raise InputError(f"{_NAME}: a password is not encoded; {_ENCODE}")
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port  # raises if it is not a number
    except ValueError:
        raise InputError(f"{_NAME}: not an address; {_ENCODE}") from None
    if not host or re.search(r"\s", uri):
        raise InputError(f"{_NAME}: not an address; write http://host:port")
    if parts.query or parts.fragment or "?" in uri or "#" in uri:
        raise InputError(
            f"{_NAME}: {public_address(uri)} has more after it, which MLflow takes for a path; "
            "a token goes into MLFLOW_TRACKING_TOKEN"
        )
