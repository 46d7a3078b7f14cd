"""The one error that the user is meant to read is one line, whatever it quotes."""

import pickle

import pytest

from pipeline.errors import InputError, counted, first_line, listed, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("photos/é ü 猫.jpg: gone", "photos/é ü 猫.jpg: gone"),
        ("a\nb.jpg: gone\r\n", r"a\nb.jpg: gone\r\n"),
        ("\x1b[2J\x00", r"\x1b[2J\x00"),
        ("a\udcff.jpg", r"a\udcff.jpg"),
        ("a\u2028b\u202ec", r"a\u2028b\u202ec"),
    ],
)
def test_what_breaks_a_line_or_speaks_to_a_terminal_is_an_escape(text, line):
    assert one_line(text) == line
    assert str(InputError(text)) == line
    line.encode()  # no lone surrogate is left, which no terminal takes


def test_what_stands_below_keeps_its_lines_where_the_words_change():
    error = InputError("copy/a: not known", "  one: copy/b\n", "  two")
    changed = error.reworded(lambda words: words.replace("copy", "mine"))
    assert str(changed) == "mine/a: not known\n  one: mine/b\\n\n  two"


def test_a_list_stands_below_and_is_whole_in_another_process():
    error = InputError("a: not known", "  one: 1\n", "  two: 2")
    assert str(error) == "a: not known\n  one: 1\\n\n  two: 2"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("count", "words", "line"),
    [
        (0, ("photo",), "0 photos"),
        (1, ("photo",), "1 photo"),
        (2, ("photo",), "2 photos"),
        (1, ("box is left out", "boxes are left out"), "1 box is left out"),
        (2, ("box is left out", "boxes are left out"), "2 boxes are left out"),
    ],
)
def test_one_is_told_as_one(count, words, line):
    assert counted(count, *words) == line


@pytest.mark.parametrize(
    ("names", "line"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b and 1 more")],
)
def test_a_list_ends_with_how_many_more_there_are(names, line):
    assert listed(names, most=2) == line


def test_what_a_library_says_is_cut_to_its_first_line():
    assert first_line(ValueError("\n one\ntwo")) == "one"
    assert first_line(KeyError()) == "KeyError"
