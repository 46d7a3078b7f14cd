"""Profiles, settings and parts of the ladder."""

import pytest

from commands.options.ladder import add_only, add_profile, add_settings
from commands.options.parser import command_parser
from tests.conftest import ROOT

DOC = "`ladder taste`: how good a soup is."


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
