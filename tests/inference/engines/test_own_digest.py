"""An exported file reveals whether it has changed since it was written."""

import shutil

import pytest

from pipeline.errors import InputError
from pipeline.inference.engines.load import load_engine
from pipeline.inference.engines.own_digest import NO_DIGEST, check_digest, write_digest
from tests.exported_files import exported_file, needs_runtimes


def with_digest(folder):
    path, beside = folder / "a.x", folder / "a.bin"
    path.write_text(f'head <sha256 value="{NO_DIGEST["sha256"]}" /> tail')
    beside.write_bytes(b"weights")
    write_digest(path, [beside])
    return path, beside


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("at", [0, 3, -1])
def test_one_flipped_bit_is_seen(tmp_path, which, at):
    files = with_digest(tmp_path)
    check_digest(files[0], files[1:])
    content = bytearray(files[which].read_bytes())
    content[at] ^= 1
    files[which].write_bytes(content)
    with pytest.raises(InputError, match=r"a\.x: a\.x and a\.bin damaged, .*; export it again"):
        check_digest(files[0], files[1:])


def test_an_older_file_has_none(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"graph")
    check_digest(tmp_path / "a.onnx")


@pytest.mark.parametrize("form", ["onnx", "openvino", "torch"])
def test_one_flipped_bit_of_the_weights_is_seen_in_each_format(tmp_path, form):
    needs_runtimes()
    path = exported_file("combined", form)
    for file in path.parent.glob(f"{path.stem}.*"):
        shutil.copy(file, tmp_path)
    path = tmp_path / path.name
    assert load_engine(path, "cpu").spec.rung == "combined"
    weights = path.with_suffix(".bin") if form == "openvino" else path
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(InputError, match=f"{path.name}: .*(SHA-256|checksum).*; export it again"):
        load_engine(path, "cpu")
