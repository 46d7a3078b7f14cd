"""The page to drop photos on: a single file that loads nothing from the network."""

from functools import cache
from pathlib import Path

_PAGE = Path(__file__).with_name("page.html")
# With these a browser loads nothing from elsewhere, whatever the page says.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}


@cache
def page() -> str:
    """Return the page as HTML."""
    return _PAGE.read_text(encoding="utf-8")
