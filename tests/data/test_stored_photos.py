"""The digest of a store depends on bytes and parameters, not on names or times."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.stored_photos import StoredPhotos
from pipeline.files import sha256_of


@pytest.fixture
def photos(tmp_path):
    """Return three files that nobody decodes here."""
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    return StoredPhotos(paths, np.full((3, 2), 9), np.ones(3, bool), 32)


def origin(photos):
    with ThreadPoolExecutor(2) as pool:
        return photos.digest_on_disk(pool)


def test_it_is_the_same_in_one_pass_or_file_by_file(photos):
    digests = [sha256_of(path) for path in photos.paths]
    assert origin(photos) == photos.made_from(digests)


def test_a_name_and_a_time_stamp_change_nothing(photos, tmp_path):
    before = origin(photos)
    os.utime(photos.paths[0], (1, 1))
    photos.paths[1].rename(tmp_path / "other")
    moved = [photos.paths[0], tmp_path / "other", photos.paths[2]]
    assert origin(replace(photos, paths=moved)) == before


def test_what_pixels_follow_from_changes_it(photos):
    a, b, c = photos.paths
    others = [
        photos,
        replace(photos, side=33),
        replace(photos, turned=np.zeros(3, bool)),
        replace(photos, sizes_wh=np.full((3, 2), 8)),
        replace(photos, paths=[b, a, c]),
    ]
    found = {origin(other) for other in others}
    b.write_text("B")
    assert len(found | {origin(photos)}) == 6


def test_a_file_that_is_gone_is_no_error_here(photos):
    photos.paths[2].unlink()
    assert origin(photos) is None


@pytest.mark.parametrize(("most", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (9, [3])])
def test_parts_are_all_photos_in_order(photos, most, sizes):
    parts = list(photos.parts(most))
    assert [len(part) for part in parts] == sizes
    assert [path for part in parts for path in part.paths] == photos.paths
    assert sum(len(part.sizes_wh) for part in parts) == sum(len(part.turned) for part in parts) == 3
