"""Checkpoints: complete or absent, and distinguished by everything that made them."""

import pytest
import torch

from pipeline.train.checkpoint import (
    config_digest,
    files_digest,
    load_checkpoint,
    save_checkpoint,
)

ROW = {"epoch": 1, "phase": "head", "lr": 0.1, "train": {"loss": 1.5}, "val": {"loss": 0.5}}
LEARNER = {"optimizer": {}, "scheduler": {"last_epoch": 3}, "average": {}}
STATE = {
    "history": [ROW],
    "seconds": 2.5,
    "photos": 9,
    "learner": {"model": {"w": torch.arange(1000.0)}} | LEARNER,
}


def test_what_is_saved_is_loaded(tmp_path):
    path = tmp_path / "new" / "folder" / "c.pt"
    save_checkpoint(path, STATE)
    loaded = load_checkpoint(path)
    assert loaded["history"] == STATE["history"]
    assert torch.equal(loaded["learner"]["model"]["w"], torch.arange(1000.0))
    assert loaded["learner"]["scheduler"] == {"last_epoch": 3}
    assert [file.name for file in path.parent.iterdir()] == ["c.pt"]


def test_none_where_there_is_none(tmp_path):
    assert load_checkpoint(tmp_path / "c.pt") is None


@pytest.mark.parametrize("share", [0, 0.0005, 0.01, 0.5, 0.9, 0.999])
def test_half_a_file_is_none(tmp_path, share):
    path = tmp_path / "c.pt"
    save_checkpoint(path, STATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert load_checkpoint(path) is None


@pytest.mark.parametrize("content", [b"PK", b"no checkpoint", b"\x80\x02}q\x00.", bytes(5000)])
def test_what_is_no_checkpoint_is_none(tmp_path, content):
    (tmp_path / "c.pt").write_bytes(content)
    assert load_checkpoint(tmp_path / "c.pt") is None


def test_one_flipped_bit_is_none_and_is_told(tmp_path, capsys):
    path = tmp_path / "c.pt"
    save_checkpoint(path, STATE)
    whole = bytearray(path.read_bytes())
    at = whole.index(torch.arange(1000.0).numpy().tobytes()) + 1234
    whole[at] ^= 4
    path.write_bytes(whole)
    assert load_checkpoint(path) is None
    assert capsys.readouterr().err.startswith(
        f"warning: {path}: not a checkpoint, or damaged (the "
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"history": None},
        {"history": [{}]},
        {"history": [ROW | {"lr": float("nan")}]},
        {"photos": "9"},
        {"seconds": float("inf")},
        {"learner": {}},
        {"learner": {"model": []} | LEARNER},
        {"more": 1},
    ],
)
def test_one_of_another_form_is_none(tmp_path, changed):
    path = tmp_path / "c.pt"
    save_checkpoint(path, STATE | changed)
    assert load_checkpoint(path) is None


def test_an_older_one_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    save_checkpoint(path, STATE)

    def half(state, to):
        to.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, {"history": []})
    assert load_checkpoint(path)["history"] == STATE["history"]


def test_config_digest_changes_with_each_part():
    parts = ({"lr": 0.1, "seed": 1}, ["cat", "dog"], "code", "2.0")
    changed = [
        ({"lr": 0.2, "seed": 1}, *parts[1:]),
        (parts[0], ["dog", "cat"], *parts[2:]),
        (*parts[:2], "other", parts[3]),
        (*parts[:3], "2.1"),
        parts[:3],
    ]
    digests = {config_digest(*each) for each in [parts, *changed]}
    assert len(digests) == 6
    assert all(len(digest) == 16 and int(digest, 16) >= 0 for digest in digests)


def test_config_digest_does_not_see_the_order_of_keys():
    assert config_digest({"a": 1, "b": (2,)}) == config_digest({"b": [2], "a": 1})


def test_files_digest_is_of_contents_in_order(tmp_path):
    one, two, copy = (tmp_path / name for name in ("one", "two", "copy"))
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    copy.write_bytes(b"1")
    assert files_digest([one, two]) == files_digest([copy, two])
    assert files_digest([one, two]) != files_digest([two, one])
    assert files_digest([one]) != files_digest([one, one])
    before = files_digest([one, two])
    two.write_bytes(b"3")
    assert files_digest([one, two]) != before


def test_files_digest_keeps_files_apart(tmp_path):
    for name, content in {"a": b"ab", "b": b"c", "c": b"a", "d": b"bc"}.items():
        (tmp_path / name).write_bytes(content)
    digests = [files_digest([tmp_path / a, tmp_path / b]) for a, b in ("ab", "cd")]
    assert digests[0] != digests[1]
