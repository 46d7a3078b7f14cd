"""What may be the side of a photo."""

import pyarrow as pa
import pytest

from pipeline.formats.photo_sizes import MOST_SIDE, is_side
from pipeline.schemas import IMAGES_SCHEMA


@pytest.mark.parametrize("value", [0, -1, MOST_SIDE + 1, 5.0, "5", None, True, float("nan")])
def test_it_is_no_side(value: object) -> None:
    assert not is_side(value)


def test_the_tables_have_room_for_the_largest() -> None:
    assert is_side(1) and is_side(MOST_SIDE)
    assert IMAGES_SCHEMA.field("width").type == pa.int32()
    with pytest.raises(pa.ArrowInvalid):
        pa.array([MOST_SIDE + 1], pa.int32())
