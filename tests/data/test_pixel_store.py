"""The pixel store is read as it was written, and anything else is refused."""

import numpy as np
import pytest

from pipeline.data.pixel_store import digest_path, open_pixel_store, shard_paths
from pipeline.errors import InputError
from tests.data.making import save_store

PHOTOS = np.random.default_rng(0).integers(0, 256, (7, 4, 4, 3), np.uint8)


def save(folder, photos=PHOTOS, in_one=3):
    """Return the path of a store in files with these numbers of photos."""
    parts = [photos[at : at + in_one] for at in range(0, len(photos), in_one)]
    for path, part in zip(shard_paths(folder / "photos.npy", len(parts)), parts, strict=True):
        save_store(path, part)
    return folder / "photos.npy"


def flip_a_bit(path, at=-7):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("in_one", [1, 3, 6, 7])
@pytest.mark.parametrize(
    "rows",
    [0, -1, slice(None), slice(5, 2, -2), np.array([6, 0, 6, 3]), np.arange(7) % 2 == 0, [[1, 2]]],
)
def test_it_is_indexed_as_an_array(tmp_path, in_one, rows):
    store = open_pixel_store(save(tmp_path, in_one=in_one))
    np.testing.assert_array_equal(store[rows], PHOTOS[rows])
    assert store.shape == PHOTOS.shape


def test_no_row_is_beyond_its_end(tmp_path):
    store = open_pixel_store(save(tmp_path))
    assert sum(1 for _ in store) == len(store) == 7
    with pytest.raises(IndexError):
        store[7]


def test_what_is_read_is_a_copy(tmp_path):
    store = open_pixel_store(save(tmp_path))
    store[2][:] = 0
    np.testing.assert_array_equal(store[2], PHOTOS[2])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 4, 4, 3), np.float32),
        np.zeros((2, 4, 5, 3), np.uint8),
        np.zeros((2, 3, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.uint8),
    ],
)
def test_another_array_is_no_store(tmp_path, array):
    save_store(tmp_path / "photos.npy", array)
    with pytest.raises(InputError, match=r"photos\.npy: has .*, expected uint8 .*; run the pixels"):
        open_pixel_store(tmp_path / "photos.npy")


def test_an_absent_a_cut_and_a_foreign_file_are_no_store(tmp_path):
    path = tmp_path / "photos.npy"
    with pytest.raises(InputError, match=r"photos\.npy: no such file; run the pixels stage first"):
        open_pixel_store(path)
    np.save(path, np.zeros((2, 4, 4, 3), np.uint8))
    whole = path.read_bytes()
    for content in (whole[:-10], whole[:20], b"", b"something else"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"photos\.npy: not an array, .*; run the pixels"):
            open_pixel_store(path)


def test_a_store_of_other_photos_is_refused(tmp_path):
    path = save(tmp_path)
    assert len(open_pixel_store(path, 7)) == 7
    with pytest.raises(InputError, match=r"has 7 photos, .*/images\.parquet has 8; run"):
        open_pixel_store(path, 8)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_file_that_is_missing_is_named(tmp_path, gone):
    path = save(tmp_path)
    missing = shard_paths(path, 3)[gone]
    missing.unlink()
    if gone == 2:  # others tell how many there are
        assert [digest_path(missing).exists(), missing.exists()] == [True, False]
    with pytest.raises(InputError, match=rf"{missing.name}: no such file; run the pixels stage"):
        open_pixel_store(path)


@pytest.mark.parametrize(
    "other", [(1, np.zeros((2, 4, 4, 3))), (2, np.zeros((4, 4, 4, 3))), (1, np.zeros((3, 5, 5, 3)))]
)
def test_files_that_do_not_belong_together_are_refused(tmp_path, other):
    path = save(tmp_path)
    shard, photos = other
    save_store(shard_paths(path, 3)[shard], photos.astype(np.uint8))
    with pytest.raises(InputError, match=r"files of several stores; run the pixels stage again"):
        open_pixel_store(path)


def test_one_flipped_bit_is_seen_when_the_photo_is_read(tmp_path):
    path = save(tmp_path)
    damaged = shard_paths(path, 3)[1]
    flip_a_bit(damaged)
    store = open_pixel_store(path)
    for row in (0, 1, 2, 3, 4, 6):
        np.testing.assert_array_equal(store[row], PHOTOS[row])
    message = rf"{damaged.name}: damaged, the SHA-256 of photo 2 .*\.sha256; run the pixels stage"
    for _ in range(2):
        with pytest.raises(InputError, match=message):
            store[5]


def test_a_file_that_is_cut_after_it_was_opened_is_one_line(tmp_path):
    path = save(tmp_path, in_one=7)
    store = open_pixel_store(path)
    assert store[6].shape == (4, 4, 3)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)
    with pytest.raises(InputError, match=r"photos\.npy: damaged"):
        store[6]


def test_without_whole_digests_it_is_refused(tmp_path):
    path = save(tmp_path, in_one=7)
    digests = digest_path(path)
    whole = digests.read_bytes()
    for content, message in ((b"", "half a digest"), (whole[:-1], "half"), (whole[:-32], "6 dig")):
        digests.write_bytes(content)
        with pytest.raises(InputError, match=rf"{message}.*; run the pixels stage again"):
            open_pixel_store(path)
    digests.unlink()
    with pytest.raises(InputError, match=r"photos\.npy\.sha256: no such file; run the "):
        open_pixel_store(path)
