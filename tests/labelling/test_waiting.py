"""Photos that wait are a sequence, and few bytes each."""

import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.inference.s3_photos import S3Photo
from pipeline.labelling.waiting import STATE, Waiting, WaitingPhotos, without_done


def test_what_waits_is_new_or_has_changed(tmp_path: Path) -> None:
    photos = WaitingPhotos.of(tmp_path, [(f"{name}.jpg", 5, 7) for name in "abc"])
    assert list(without_done(photos, STATE.empty_table())) == list(photos)
    done = WaitingPhotos.of(tmp_path, [("a.jpg", 5, 7), ("b.jpg", 5, 8)]).states
    assert [one.name for one in without_done(photos, done)] == ["b.jpg", "c.jpg"]


def test_waiting_photos_are_a_sequence_of_few_bytes() -> None:
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    states = ((f"{at // 1000:06}/{at % 1000:04}.jpg", 5, at) for at in range(100_000))
    photos = WaitingPhotos.of(Path("photos"), states)
    assert pa.total_allocated_bytes() - before + tracemalloc.get_traced_memory()[0] < 5_000_000
    tracemalloc.stop()
    expected = Waiting("000099/0999.jpg", Path("photos/000099/0999.jpg"), 5, 99_999)
    assert photos[-1] == expected == list(photos[99_990:])[-1]
    with pytest.raises(IndexError):
        photos[100_000]
    in_s3 = WaitingPhotos("s3://bucket/new", photos.states)[0]
    assert in_s3.photo == S3Photo("bucket/new/000000/0000.jpg", 5, 0)
