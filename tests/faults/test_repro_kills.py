"""`dvc repro`, stopped at random moments, ends with the outputs of an undisturbed run."""

import pytest

from tests.faults.repro_kills import play

pytestmark = pytest.mark.slow  # some twenty processes


def test_two_rounds_of_fetch_and_tables(tmp_path):
    # This seed ends DVC and cuts its lock file, then kills DVC and its stage.
    results = play(tmp_path / "kills", 2, ["tables"], seed=1976)
    assert [wrong for _, _, wrong in results] == [[], []]
    assert sum(kills for kills, _, _ in results) > 0
