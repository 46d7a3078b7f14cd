"""Checks of photos: sizes, proportions, and files that are not photos."""

import numpy as np
import pyarrow as pa

from pipeline.checks.photos import check_photos
from pipeline.findings import SizeCount


def images(*sizes_wh):
    names = [f"{place}.jpg" for place in range(len(sizes_wh))]
    width, height = zip(*sizes_wh, strict=True)
    columns = {"file_name": names, "width": width, "height": height}
    return pa.table(columns).cast(
        pa.schema([("file_name", pa.string()), ("width", pa.int32()), ("height", pa.int32())])
    )


def test_one_photo():
    checks = check_photos(images((4, 3)), np.array([True]))
    assert checks.smallest == checks.median == checks.largest == (4, 3)
    assert checks.common == [SizeCount(4, 3, 1)]
    assert checks.long.count == checks.undecoded.count == 0


def test_sizes_go_by_area_and_the_most_frequent_come_first():
    checks = check_photos(images((10, 10), (2, 3), (50, 20), (10, 10)), np.ones(4, bool))
    assert (checks.smallest, checks.median, checks.largest) == ((2, 3), (10, 10), (50, 20))
    assert checks.sizes == 3
    assert checks.common[0] == SizeCount(10, 10, 2)


def test_an_area_beyond_32_bits():
    checks = check_photos(images((70_000, 70_000), (10, 10)), np.ones(2, bool))
    assert checks.largest == (70_000, 70_000)


def test_long_photos_and_files_that_are_none_are_named():
    checks = check_photos(images((30, 10), (31, 10), (10, 31)), np.array([True, False, True]))
    assert (checks.long.count, checks.long.examples) == (2, ["1.jpg", "2.jpg"])
    assert (checks.undecoded.count, checks.undecoded.examples) == (1, ["1.jpg"])
