"""What several commands have in common: help from the docstring, numbers, scores."""

import pytest

from commands.options import (
    add_only,
    add_profile,
    add_scores,
    add_settings,
    command_parser,
    given_scores,
    number,
)
from tests.conftest import ROOT

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


def test_scores_are_read() -> None:
    parser = command_parser(DOC)
    add_scores(parser, "taste")
    words = parser.parse_args(["--score", "0.5", "--score", "pea=0.3"]).score
    assert given_scores(parser, words).lowest == 0.3


def test_a_score_of_one_is_refused(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        given_scores(command_parser(DOC), ["1"])
    assert "--score must be from 0 to below 1" in capsys.readouterr().err


def test_settings_and_stages_add_up() -> None:
    parser = command_parser(DOC)
    add_settings(parser)
    add_only(parser)
    options = parser.parse_args(["-S", "a.b=1", "-S", "c=2", "--only", "train@bbox"])
    assert (options.settings, options.only) == (["a.b=1", "c=2"], ["train@bbox"])


def test_a_profile_is_one_of_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    parser = command_parser(DOC)
    add_profile(parser)
    assert parser.parse_args(["voc2007"]).profile == "voc2007"
    assert parser.parse_args([]).profile is None
    with pytest.raises(SystemExit):
        parser.parse_args(["voc2006"])
