"""Letters for class names in any script, or names that can be read without them.

Matplotlib brings a font with Latin, Greek, Cyrillic, Arabic and more, but without Chinese, Japanese
or Korean, whose letters it draws as empty boxes. Another font of the system has them, if there is
one; else a class is called by its label.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

BUNDLED = "DejaVu Sans"
# Tried first, as they have most letters; any other font of the system comes after.
_PREFERRED = ("Noto Sans CJK", "Noto Sans", "Source Han Sans", "WenQuanYi", "Droid Sans Fallback")
# Fonts of coloured bitmaps, and one whose letters only show which script is missing.
_NO_LETTERS = ("Emoji", "Color", "Last Resort", "LastResort")
HOW_TO = "no font here has the letters of their names: apt install fonts-noto-cjk, for instance"


@dataclass(frozen=True)
class Lettering:
    """What class names look like in the pictures.

    Attributes:
        names: of the classes, in label order, as they can be drawn.
        note: which classes go by their label and why; empty for none.
    """

    names: list[str]
    note: str


@contextmanager
def lettering(names: Sequence[str]) -> Iterator[Lettering]:
    """Draw with fonts that have the letters of these names, as far as there are any."""
    family = families(frozenset("".join(names)))
    with matplotlib.rc_context({"font.family": list(family)}):
        yield readable(names, family)


def readable(names: Sequence[str], family: Sequence[str]) -> Lettering:
    """Return the names as a family of fonts can draw them.

    >>> readable(["cat", chr(0x10FFFD)], ["DejaVu Sans"]).names
    ['cat', 'class 1']
    """
    letters = frozenset().union(*(letters_of(_path(name)) for name in family))
    unreadable = [label for label, name in enumerate(names) if not _has_all(letters, name)]
    shown = [f"class {n}" if n in unreadable else name for n, name in enumerate(names)]
    listed = ", ".join(map(str, unreadable[:8])) + (", ..." if len(unreadable) > 8 else "")
    return Lettering(shown, f"class {listed}: {HOW_TO}" if unreadable else "")


def drawable(text: str) -> str:
    """Return a text with a question mark for each letter that the fonts in use do not have."""
    family = matplotlib.rcParams["font.family"]
    if text.isascii():
        return text
    known = frozenset().union(*(letters_of(_path(name)) for name in family))
    return "".join(letter if letter == "\n" or letter in known else "?" for letter in text)


@lru_cache(maxsize=8)
def families(letters: frozenset[str]) -> tuple[str, ...]:
    """Return the bundled font and as few others as have what it lacks of these letters."""
    chosen, missing = [BUNDLED], _missing(letters, letters_of(_path(BUNDLED)))
    if missing:
        for name, path in _other_fonts():
            has = letters_of(path)
            if _missing(missing, has) < missing:
                chosen.append(name)
                missing = _missing(missing, has)
            if not missing:
                break
    return tuple(chosen)


@lru_cache(maxsize=256)
def letters_of(path: str) -> frozenset[str]:
    """Return the letters that a font file has; none of a file that is no font with outlines."""
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):
        return frozenset()


def _missing(letters: frozenset[str], has: frozenset[str]) -> frozenset[str]:
    return frozenset(letter for letter in letters - has if not letter.isspace())


def _has_all(letters: frozenset[str], name: str) -> bool:
    return not _missing(frozenset(name), letters)


def _path(name: str) -> str:
    # Not the name itself, which would be read as a pattern: a hyphen has a meaning there.
    return str(font_manager.findfont(font_manager.FontProperties(family=[name])))


def _other_fonts() -> list[tuple[str, str]]:
    """Return name and file of the upright fonts of the system, those with most letters first."""
    _add_new_fonts()
    fonts = {
        entry.name: entry.fname
        for entry in font_manager.fontManager.ttflist
        if entry.style == "normal" and not any(word in entry.name for word in _NO_LETTERS)
    }
    return sorted(fonts.items(), key=lambda font: (not font[0].startswith(_PREFERRED), font[0]))


def _add_new_fonts() -> None:
    """Add the fonts that were installed after Matplotlib has made its list, which it keeps."""
    listed = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in set(font_manager.findSystemFonts()) - listed:
        with suppress(OSError, RuntimeError, ValueError):  # a damaged font, or one of bitmaps
            font_manager.fontManager.addfont(path)
