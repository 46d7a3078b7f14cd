"""Photos to check on are those of a split, squashed as for the network."""

import numpy as np
import pyarrow as pa

from pipeline.data.inputs import Inputs
from pipeline.export.photos import pixels_of, random_pixels, rows_of
from pipeline.tasks import Task


def inputs_of(splits: list[str]) -> Inputs:
    """Return inputs whose photo n has the grey value n."""
    images = pa.table({"split": pa.array(splits).dictionary_encode()})
    pixels = np.stack([np.full((8, 8, 3), row, np.uint8) for row in range(len(splits))])
    return Inputs(images, pa.table({}), pixels, [], Task.DETECT)


def test_a_split_has_its_rows_spread_evenly():
    inputs = inputs_of(["train", "val"] * 5)
    assert rows_of(inputs, "val").tolist() == [1, 3, 5, 7, 9]
    assert pixels_of(inputs, "val", 4, 3)[:, 0, 0, 0].tolist() == [1, 5, 9]
    assert pixels_of(inputs, "val", 4, 9).shape == (5, 4, 4, 3)
    assert pixels_of(inputs, "test", 4, 9).shape == (0, 4, 4, 3)


def test_random_pixels_are_the_same_each_time():
    pixels = random_pixels(32, 3)
    assert pixels.shape == (3, 32, 32, 3) and pixels.dtype == np.uint8
    assert (pixels == random_pixels(32, 3)).all() and pixels.std() > 20
