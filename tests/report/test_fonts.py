"""Names in any script: in a font that has the characters, or else as the class label."""

import matplotlib
import pytest
from matplotlib.ft2font import FT2Font

from pipeline.report import fonts
from pipeline.report.fonts import BUNDLED, drawable, families, lettering, letters_of, readable

CHINESE, JAPANESE, KOREAN = "\u732b", "\u306d\u3053", "\uace0\uc591\uc774"  # cat
IN_NO_FONT = chr(0x10FFFD)  # for private use


@pytest.fixture(autouse=True)
def fresh():
    families.cache_clear()
    yield
    families.cache_clear()


def test_latin_greek_and_cyrillic_need_one_font():
    with lettering(["cat", "\u03b3\u03ac\u03c4\u03b1", "\u043a\u043e\u0442", "a $ b"]) as letters:
        assert letters.names == ["cat", "\u03b3\u03ac\u03c4\u03b1", "\u043a\u043e\u0442", "a $ b"]
        assert letters.note == ""
        assert matplotlib.rcParams["font.family"] == [BUNDLED]


@pytest.mark.parametrize("name", [CHINESE, JAPANESE, KOREAN])
def test_east_asian_names_are_drawn_or_go_by_their_label(name):
    with lettering(["dog", name]) as letters:
        family = matplotlib.rcParams["font.family"]
        known = set().union(*(letters_of(fonts._path(font)) for font in family))
        if set(name) <= known:  # a font of this system has them
            assert letters == fonts.Lettering(["dog", name], "")
        else:
            assert letters.names == ["dog", "class 1"]
            assert letters.note.startswith("class 1: no font here can draw")


def test_a_letter_that_no_font_has():
    with lettering([IN_NO_FONT, "dog", f"a {IN_NO_FONT}"]) as letters:
        assert letters.names == ["class 0", "dog", "class 2"]
        assert letters.note.startswith("class 0, 2: no font here")
        assert drawable(f"p {IN_NO_FONT}.jpg") == "p ?.jpg"


def test_many_classes_without_letters_make_a_short_note():
    names = readable([IN_NO_FONT] * 200, [BUNDLED])
    assert names.names[199] == "class 199"
    assert names.note.startswith("class 0, 1, 2, 3, 4, 5, 6, 7 and 192 more: ")


def test_another_font_is_taken_for_what_the_bundled_one_lacks():
    # Matplotlib's own second font stands for one of the system.
    other = letters_of(fonts._path("STIXGeneral")) - letters_of(fonts._path(BUNDLED))
    letter = min(other - {IN_NO_FONT}, key=ord)
    chosen = families(frozenset(f"a{letter}"))
    assert chosen[0] == BUNDLED and len(chosen) == 2
    assert letter in letters_of(fonts._path(chosen[1]))
    with lettering([letter]) as letters:
        assert letters.names == [letter]
        assert matplotlib.rcParams["font.family"] == list(chosen)


def test_a_font_that_was_installed_after_the_list_was_made(monkeypatch):
    path = fonts._path("STIXGeneral")  # stands for it: not in the list, but in a system's folder
    letter = min(letters_of(path) - letters_of(fonts._path(BUNDLED)) - {IN_NO_FONT}, key=ord)
    manager = fonts.font_manager.fontManager
    listed = [font for font in manager.ttflist if font.name == BUNDLED]
    monkeypatch.setattr(manager, "ttflist", listed)
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", lambda: [path, __file__])
    assert families(frozenset(letter)) == (BUNDLED, "STIXGeneral")


def test_the_family_is_put_back():
    before = list(matplotlib.rcParams["font.family"])
    with lettering([CHINESE]):
        pass
    assert list(matplotlib.rcParams["font.family"]) == before


def test_no_other_font_is_opened_where_none_is_needed(monkeypatch):
    monkeypatch.setattr(fonts, "_other_fonts", lambda: pytest.fail("asked"))
    assert families(frozenset("cat dog")) == (BUNDLED,)


def test_a_file_that_is_no_font_has_no_letters(tmp_path):
    path = tmp_path / "a.ttf"
    path.write_bytes(b"no font")
    assert letters_of(str(path)) == frozenset()
    assert chr(FT2Font(fonts._path(BUNDLED)).get_charmap().__iter__().__next__()) in letters_of(
        fonts._path(BUNDLED)
    )
