"""Fonts for class names in any script, or substitutes for names that no font can draw.

Matplotlib comes with a font for Latin, Greek, Cyrillic, Arabic and more, but not for Chinese,
Japanese or Korean, whose characters it draws as empty boxes. They come from another font of the
system if there is one; otherwise a class is shown by its label.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from pipeline.errors import listed

BUNDLED = "DejaVu Sans"
# Tried first, as they cover the most characters, before any other font of the system.
_PREFERRED = ("Noto Sans CJK", "Noto Sans", "Source Han Sans", "WenQuanYi", "Droid Sans Fallback")
# Fonts of coloured bitmaps, and one whose glyphs only show which script is missing.
_NO_LETTERS = ("Emoji", "Color", "Last Resort", "LastResort")
HOW_TO = "no font here can draw their names: apt install fonts-noto-cjk, for instance"


@dataclass(frozen=True)
class Lettering:
    """The names of classes as shown in pictures.

    Attributes:
        names: of the classes, in label order, as they can be drawn.
        note: which classes are shown by their label and why; empty if none are.
    """

    names: list[str]
    note: str


@contextmanager
def lettering(names: Sequence[str]) -> Iterator[Lettering]:
    """Draw in this block with fonts that can draw these names, as far as there are any."""
    family = families(frozenset("".join(names)))
    with matplotlib.rc_context({"font.family": list(family)}):
        yield readable(names, family)


def readable(names: Sequence[str], family: Sequence[str]) -> Lettering:
    """Return the names as far as a family of fonts can draw them.

    >>> readable(["cat", chr(0x10FFFD)], ["DejaVu Sans"]).names
    ['cat', 'class 1']
    """
    letters = frozenset().union(*(letters_of(_path(name)) for name in family))
    unreadable = [label for label, name in enumerate(names) if not _has_all(letters, name)]
    shown = [f"class {n}" if n in unreadable else name for n, name in enumerate(names)]
    numbers = listed(list(map(str, unreadable)), most=8)
    return Lettering(shown, f"class {numbers}: {HOW_TO}" if unreadable else "")


def drawable(text: str) -> str:
    """Return a text with a question mark for each character that the fonts in use lack."""
    family = matplotlib.rcParams["font.family"]
    if text.isascii():
        return text
    known = frozenset().union(*(letters_of(_path(name)) for name in family))
    return "".join(letter if letter == "\n" or letter in known else "?" for letter in text)


@lru_cache(maxsize=8)
def families(letters: frozenset[str]) -> tuple[str, ...]:
    """Return the bundled font and the others needed for the characters that it lacks."""
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
    """Return the characters that a font file has; none if it is not an outline font."""
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):
        return frozenset()


def _missing(letters: frozenset[str], has: frozenset[str]) -> frozenset[str]:
    return frozenset(letter for letter in letters - has if not letter.isspace())


def _has_all(letters: frozenset[str], name: str) -> bool:
    return not _missing(frozenset(name), letters)


def _path(name: str) -> str:
    # Not the bare name, which would be parsed as a pattern, in which a hyphen has a meaning.
    return str(font_manager.findfont(font_manager.FontProperties(family=[name])))


def _other_fonts() -> list[tuple[str, str]]:
    """Return name and file of the system's upright fonts, the preferred ones first."""
    _add_new_fonts()
    fonts = {
        entry.name: entry.fname
        for entry in font_manager.fontManager.ttflist
        if entry.style == "normal" and not any(word in entry.name for word in _NO_LETTERS)
    }
    return sorted(fonts.items(), key=lambda font: (not font[0].startswith(_PREFERRED), font[0]))


def _add_new_fonts() -> None:
    """Add fonts that were installed after Matplotlib cached its list."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in set(font_manager.findSystemFonts()) - known:
        with suppress(OSError, RuntimeError, ValueError):  # a damaged or a bitmap font
            font_manager.fontManager.addfont(path)
