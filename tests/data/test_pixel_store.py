"""The pixel store is read as it was written, and nothing else is taken for one."""

import subprocess

import numpy as np
import pytest

from pipeline.data.pixel_store import digest_path, open_pixel_store, write_digest
from pipeline.errors import InputError


def save_store(path):
    np.save(path, np.zeros((2, 4, 4, 3), np.uint8))
    write_digest(path)


def test_the_store_is_mapped_and_read_only(tmp_path):
    save_store(tmp_path / "photos.npy")
    store = open_pixel_store(tmp_path / "photos.npy")
    assert isinstance(store, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        store[0] = 0


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
    np.save(tmp_path / "photos.npy", array)
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
    path = tmp_path / "photos.npy"
    save_store(path)
    assert len(open_pixel_store(path, 2)) == 2
    with pytest.raises(InputError, match=r"has 2 photos, .*/images\.parquet has 3; run"):
        open_pixel_store(path, 3)


def test_one_flipped_bit_is_seen(tmp_path):
    path = tmp_path / "photos.npy"
    save_store(path)
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"photos\.npy: damaged, .*\.sha256; run the pixels stage"):
        open_pixel_store(path)


def test_the_digest_is_one_that_sha256sum_takes(tmp_path):
    path = tmp_path / "photos.npy"
    save_store(path)
    check = ["sha256sum", "--check", digest_path(path).name]
    assert subprocess.run(check, cwd=tmp_path).returncode == 0
    digest_path(path).unlink()
    with pytest.raises(InputError, match=r"photos\.npy\.sha256: no such file; run the "):
        open_pixel_store(path)
