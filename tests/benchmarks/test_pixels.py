"""Ours and PIL make the same pixels of a photo."""

import numpy as np
import pytest

from benchmarks.photos import painted, sizes_wh
from benchmarks.pixels import ours_one, with_pil

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")


def test_pixels_differ_by_one_at_most(tmp_path):
    paths, pascal = painted(4, tmp_path)
    for path, size in zip(paths, sizes_wh(pascal).tolist(), strict=True):
        mine, other = ours_one(path, tuple(size)).astype(int), with_pil(path).astype(int)
        assert mine.std() > 10
        assert np.abs(mine - other).max() <= 1
