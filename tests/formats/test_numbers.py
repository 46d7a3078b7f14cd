"""What may be the side of a photo, and what a score."""

import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.formats.numbers import MOST_SIDE, checked_score, is_side
from pipeline.schemas import IMAGES_SCHEMA


@pytest.mark.parametrize("value", [0, -1, MOST_SIDE + 1, 5.0, "5", None, True, float("nan")])
def test_it_is_no_side(value: object) -> None:
    assert not is_side(value)


def test_the_tables_have_room_for_the_largest() -> None:
    assert is_side(1) and is_side(MOST_SIDE)
    assert IMAGES_SCHEMA.field("width").type == pa.int32()
    with pytest.raises(pa.ArrowInvalid):
        pa.array([MOST_SIDE + 1], pa.int32())


@pytest.mark.parametrize("score", [-0.1, 1.1, "0.5", True, False, float("nan"), float("inf"), [1]])
def test_what_is_not_a_score_is_refused(score: object) -> None:
    with pytest.raises(InputError, match=r"^a\.json: score .* is not a number from 0 to 1; "):
        checked_score(score, "a.json")


def test_a_score_is_a_float_or_absent() -> None:
    assert checked_score(None, "") is None
    assert checked_score(1, "") == 1.0
    assert isinstance(checked_score(0, ""), float)
