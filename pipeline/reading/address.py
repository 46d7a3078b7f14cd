"""Addresses of MLflow stores: what of them may be shown, and whether they are such at all."""

import re
from urllib.parse import quote, unquote, urlsplit

from pipeline.errors import InputError

# A path of a file may have any character in it; all else with :// may have a password.
_ADDRESS = re.compile(r"((?!sqlite|file:)[a-z][a-z0-9+.-]*://)(.+)", re.DOTALL | re.IGNORECASE)
_BREAKS = re.compile(r"[/?#@\s]")
_TELLING = 4  # characters of a part of a password; fewer are in any text
_ENCODE = (
    "write #, /, ? and @ of a user or password as %23, %2F, %3F and %40, or set "
    "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
)


def public_address(uri: str) -> str:
    """Return an address without user, password, query and fragment.

    Everything before the last @ counts as user and password, since a password may have in it what
    ends a host elsewhere.

    >>> public_address("https://me:pa/ss#w@host:5000/x?token=1")
    'https://host:5000/x'
    """
    found = _ADDRESS.match(uri)
    if not found:
        return uri
    scheme, rest = found.groups()
    return scheme + re.split(r"[?#]", rest.rpartition("@")[2])[0]


def without_secrets(text: str, uri: str) -> str:
    """Return a text, such as an error of what was given an address, without the address's secrets.

    Where user and password are no whole words of the address, what a library makes of their parts
    cannot be told, and nothing of the text is left.
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


def check_address(uri: str, name: str = "MLFLOW_TRACKING_URI") -> None:
    """Check that an address of a server is one, and has nothing that MLflow would lay open.

    Args:
        uri: of any store; only those of servers are looked at.
        name: where it came from, for the message.

    Raises:
        InputError: it is none; the message has nothing of it but the host.
    """
    found = _ADDRESS.match(uri)
    if not found or found[1].lower() not in ("http://", "https://"):
        return
    if _BREAKS.search(found[2].rpartition("@")[0]):
        raise InputError(f"{name}: a password is not encoded; {_ENCODE}")
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port  # raises where it is no number
    except ValueError:
        raise InputError(f"{name}: not an address; {_ENCODE}") from None
    if not host or re.search(r"\s", uri):
        raise InputError(f"{name}: not an address; write http://host:port")
    if parts.query or parts.fragment or "?" in uri or "#" in uri:
        raise InputError(
            f"{name}: {public_address(uri)} has more behind it, which MLflow takes for a path; "
            "a token goes into MLFLOW_TRACKING_TOKEN"
        )
