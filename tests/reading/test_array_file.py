"""Arrays on disk are read as written, and damaged ones are named."""

import pickle

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.reading.array_file import read_array


def test_an_array_is_read_whole_or_left_on_disk(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    assert read_array(tmp_path / "a.npy", "").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert isinstance(read_array(tmp_path / "a.npy", "", "r"), np.memmap)
    with pytest.raises(FileNotFoundError):
        read_array(tmp_path / "b.npy", "")


def spoiled(content: bytes) -> list[bytes]:
    header = content[:128]
    return [
        *(b"", content[:50], content[:-1], b"PK\x03\x04" + content, pickle.dumps([1])),
        header.replace(b"(2, 3)", b"(9**9,") + content[128:],
        header.replace(b"(2, 3)", b"(-2,3)") + content[128:],
        header.replace(b"'<i8'", b"'|O' ") + content[128:],
        header.replace(b"{", b"\0") + content[128:],
        b"\x93NUMPY\x02\0\xff\xff\xff\x7f" + content[10:],
    ]


@pytest.mark.parametrize("which", range(10))
@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_a_damaged_one_is_named(tmp_path, which, mmap_mode):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(6).reshape(2, 3))
    path.write_bytes(spoiled(path.read_bytes())[which])
    with pytest.raises(
        InputError, match=r"a\.npy: not an array, or damaged \(.*\); make it again$"
    ):
        read_array(path, "make it again", mmap_mode)
