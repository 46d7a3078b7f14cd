"""Help from the docstring, and numbers in their range."""

import pytest

from commands.options.parser import command_parser, number

DOC = """`ladder taste`: how good a soup is.

Examples:
  ladder taste soup
"""


def error_of(parser_words: list[str], capsys: pytest.CaptureFixture) -> str:
    parser = command_parser(DOC)
    parser.add_argument("--spoons", type=number(int, 1, 9))
    parser.add_argument("--salt", type=number(float, 0))
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(parser_words)
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_help_is_the_docstring() -> None:
    text = command_parser(DOC).format_help()
    assert text.startswith("usage: ladder taste [-h]\n\nHow good a soup is.\n")
    assert text.endswith("\nExamples:\n  ladder taste soup\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--spoons", "0"], "argument --spoons: must be from 1 to 9: 0"),
        (["--spoons", "10"], "argument --spoons: must be from 1 to 9: 10"),
        (["--spoons", "two"], "argument --spoons: must be a number, from 1 to 9: two"),
        (["--salt", "-1"], "argument --salt: must be 0 or more: -1"),
        (["--salt", "nan"], "argument --salt: must be 0 or more: nan"),
        (["--salt", "inf"], "argument --salt: must be 0 or more: inf"),
    ],
)
def test_a_number_out_of_range_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture
) -> None:
    assert error_of(words, capsys) == f"ladder taste: error: {said}"


def test_both_ends_of_a_range_are_in_it() -> None:
    assert [number(int, 1, 9)(text) for text in ("1", "9")] == [1, 9]
    assert number(float, 0)("0") == 0.0
