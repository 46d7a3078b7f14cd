"""What all sections have in common."""

import pytest
from pydantic import ValidationError

from pipeline.params.params import load_params
from pipeline.params.section import Count, Section
from tests.conftest import ROOT


class Share(Section):
    value: float


class Amount(Section):
    value: Count
    whole: bool = False


@pytest.mark.parametrize("section", [Share, Amount])
@pytest.mark.parametrize("value", [True, False])
def test_yes_and_no_are_no_numbers(section, value):
    with pytest.raises(ValidationError, match="takes a number, not true or false"):
        section(value=value)
    assert (section(value="1").value, Amount(value=1, whole=value).whole) == (1, value)


@pytest.mark.parametrize("content", [{"value": float("nan")}, {"value": 1, "other": 2}, {}])
def test_what_no_section_takes(content):
    with pytest.raises(ValidationError):
        Share(**content)


def test_parameters_cannot_be_changed_afterwards():
    params = load_params(ROOT / "params.yaml")
    with pytest.raises(ValidationError):
        params.pixels.size = 64
