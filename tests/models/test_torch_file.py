"""Files of torch: checked by checksum, and loaded without code or zip bombs."""

import io
import zipfile
from collections import OrderedDict

import pytest
import torch

from pipeline.models.torch_file import load_torch_file

STATE = OrderedDict(w=torch.arange(500.0), steps=torch.tensor(3))


@pytest.mark.parametrize("zipped", [True, False])
def test_what_was_saved_is_loaded(tmp_path, zipped):
    torch.save(STATE, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    loaded = load_torch_file(tmp_path / "a.pth")
    assert loaded.keys() == STATE.keys() and torch.equal(loaded["w"], STATE["w"])


def test_one_flipped_bit_is_seen(tmp_path):
    torch.save(STATE, tmp_path / "a.pth")
    content = bytearray((tmp_path / "a.pth").read_bytes())
    content[content.index(STATE["w"].numpy().tobytes()) + 99] ^= 1
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(Exception, match=r"checksum of .*data/0 does not match"):
        load_torch_file(tmp_path / "a.pth")


def test_a_compressed_file_is_not_unpacked(tmp_path):
    plain = io.BytesIO()
    torch.save({"w": torch.zeros(1_000_000)}, plain)
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(tmp_path / "a.pth", "w") as packed:
        for name in parts.namelist():
            packed.writestr(name, parts.read(name), zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="its parts are larger than the file"):
        load_torch_file(tmp_path / "a.pth")


class Sent:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_is_not_run(tmp_path, capsys, zipped):
    torch.save({"w": Sent()}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(Exception, match="Weights only load failed"):
        load_torch_file(tmp_path / "a.pth")
    assert capsys.readouterr().out == ""
