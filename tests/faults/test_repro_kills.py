"""`dvc repro`, stopped at random moments, ends with the outputs of an undisturbed run."""

import pytest

from tests.faults.repro_kills import play

pytestmark = pytest.mark.slow  # some forty processes


def test_two_rounds_of_fetch_tables_and_pixels(tmp_path):
    results = play(tmp_path / "kills", 2, ["pixels"], seed=4)
    assert [wrong for _, _, wrong in results] == [[], []]
    assert sum(kills for kills, _, _ in results) > 0
