"""What all sections have in common."""

import pytest
from pydantic import ValidationError

from pipeline.params.params import load_params
from pipeline.params.section import Section
from tests.conftest import ROOT


class Share(Section):
    value: float


@pytest.mark.parametrize("content", [{"value": float("nan")}, {"value": 1, "other": 2}, {}])
def test_what_no_section_takes(content):
    with pytest.raises(ValidationError):
        Share(**content)


def test_parameters_cannot_be_changed_afterwards():
    params = load_params(ROOT / "params.yaml")
    with pytest.raises(ValidationError):
        params.pixels.size = 64
