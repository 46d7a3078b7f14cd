"""The history of a rung's training, sound and damaged."""

import pytest

from pipeline.errors import InputError
from pipeline.train.history import read_history


def test_empty_history(tmp_path):
    (tmp_path / "history.jsonl").write_text("")
    assert read_history(tmp_path / "history.jsonl") == []


def test_a_row_for_each_epoch(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text('{"epoch": 1, "train": {"loss": 0.5}}\n{"epoch": 2}\n')
    assert read_history(path) == [{"epoch": 1, "train": {"loss": 0.5}}, {"epoch": 2}]


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[1]", b'{"phase": "head"}', b'{"epoch": "one"}', b'{"epoch": "\xff"}']
)
def test_a_damaged_history_is_named(tmp_path, line):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"epoch": 1}\n' + line + b"\n")
    with pytest.raises(InputError, match=r"history\.jsonl: line 2: "):
        read_history(path)
