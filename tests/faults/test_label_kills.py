"""Labelling that is killed at random moments ends with the bytes of a run that nobody disturbed."""

import pytest

from tests.faults.label_kills import make_photos, play
from tests.inference.making import saved

pytestmark = pytest.mark.slow  # some ten processes that label


def test_three_rounds_of_kill_9(tmp_path):
    make_photos(tmp_path / "photos", 300)  # two parts
    model = saved(tmp_path / "models/ssd_fpn", "ssd_fpn")
    results = play(tmp_path / "photos", model, 3, tmp_path)
    assert [wrong for _, wrong in results] == [[], [], []]
    assert sum(kills for kills, _ in results) > 0
