"""The history of a rung's training, sound and damaged."""

import json
import math

import pytest

from pipeline.errors import InputError
from pipeline.train.history import EpochRow, history_lines, read_history

WRONG = (
    *({"epoch": value} for value in (1, 3, "2", 2.0, None, True)),
    *({"lr": value} for value in (math.nan, math.inf, "0.1", None)),
    *({"val": value} for value in (None, [], {"loss": None}, {"loss": math.nan}, {"loss": "1"})),
    {"phase": 1},
    {"more": 1},
)


def row_of(epoch: int, **changed) -> EpochRow:
    return (
        EpochRow(
            epoch=epoch, phase="head", lr=0.1, train={"loss": 0.5}, val={"loss": 1.5}, found=[]
        )
        | changed
    )


def test_empty_history(tmp_path):
    (tmp_path / "history.jsonl").write_text("")
    assert read_history(tmp_path / "history.jsonl") == []


def test_a_row_for_each_epoch(tmp_path):
    path = tmp_path / "history.jsonl"
    rows = [row_of(1), row_of(2, phase="late", val={})]
    path.write_text(history_lines(rows))
    assert read_history(path) == rows


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{", b"[1]", b"[" * 9999, b'{"phase": "head"}', b'{"epoch": "\xff"}'),
        *(json.dumps(row_of(2) | changed).encode() for changed in WRONG),
    ],
)
def test_a_damaged_history_is_named(tmp_path, line):
    path = tmp_path / "history.jsonl"
    path.write_bytes(history_lines([row_of(1)]).encode() + line + b"\n")
    with pytest.raises(InputError, match=r"history\.jsonl: line 2: "):
        read_history(path)
