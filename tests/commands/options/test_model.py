"""Scores of classes."""

import pytest

from commands.options.model import add_scores, given_scores
from commands.options.parser import command_parser
from pipeline.inference.label_scores import GivenScores

DOC = "`ladder taste`: how good a soup is."


def test_scores_are_read() -> None:
    parser = command_parser(DOC)
    add_scores(parser, "taste")
    words = parser.parse_args(["--score", "0.5", "--score", "pea=0.3"]).score
    assert given_scores(parser, words) == GivenScores(common=0.5, by_class={"pea": 0.3})


def test_a_score_of_one_is_refused(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        given_scores(command_parser(DOC), ["1"])
    assert "--score must be from 0 to below 1" in capsys.readouterr().err
