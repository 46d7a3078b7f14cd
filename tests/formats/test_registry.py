"""Every format is available under the name that parameters and commands use."""

from typing import get_args

import pytest

from pipeline.formats.registry import FORMATS, find_format
from pipeline.params import fetch


def test_names_differ_and_are_those_of_the_parameters() -> None:
    names = [one.name for one in FORMATS]
    assert len(set(names)) == len(names)
    assert set(get_args(fetch.Format)) == {"auto", *names}


@pytest.mark.parametrize("name", [one.name for one in FORMATS])
def test_a_format_is_found_by_its_name(name: str) -> None:
    assert find_format(name).name == name
