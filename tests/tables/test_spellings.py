"""Names of photos as other machines spell them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tables.spellings import Spellings

NFC = "étable à.jpg"
FILES = ["images/a.jpg", "images/b 1.jpg", "day1/c.jpg", "day2/c.jpg", "d.JPG", "D.jpg", NFC]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.jpg", ["images/a.jpg"]),
        ("images\\a.jpg", ["images/a.jpg"]),
        ("../images/a.jpg", ["images/a.jpg"]),
        ("/home/me/set/images/a.jpg", ["images/a.jpg"]),
        ("C:\\set\\A.JPG", ["images/a.jpg"]),
        ("b%201.jpg", ["images/b 1.jpg"]),
        ("https://host/images/b%201.jpg", ["images/b 1.jpg"]),
        (unicodedata.normalize("NFD", NFC), [NFC]),
        (unicodedata.normalize("NFD", NFC).upper(), [NFC]),
        ("D.jpg", ["D.jpg"]),  # case counts where a name fits with it
        ("d.jpg", ["D.jpg", "d.JPG"]),
        ("c.jpg", ["day1/c.jpg", "day2/c.jpg"]),
        ("else\\where\\day2\\c.jpg", ["day2/c.jpg"]),
        ("absent.jpg", []),
        ("a", []),
    ],
)
def test_which_photos_a_name_may_mean(name: str, files: list[str]) -> None:
    assert Spellings(FILES).find(name) == files


@given(st.sampled_from(FILES), st.lists(st.sampled_from(["..", "x", "C:", ""]), max_size=3))
def test_folders_before_the_whole_path_make_no_difference(file: str, before: list[str]) -> None:
    assert Spellings(FILES).find("\\".join([*before, *file.split("/")])) == [file]


def test_nothing_outside_the_set_is_ever_found() -> None:
    assert Spellings([]).find("/etc/passwd") == []


def test_the_nearest_file() -> None:
    assert Spellings(FILES).nearest("x/bb 1.jpg") == "images/b 1.jpg"
    assert Spellings(FILES).nearest("nothing like it") is None
    assert Spellings([]).nearest("a.jpg") is None
