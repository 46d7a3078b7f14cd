"""Parts are there whole or not at all, and a job goes on only as it was begun."""

import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.inference.label_job import (
    PART_SCHEMA,
    Asked,
    LabelJob,
    Waiting,
    WaitingPhotos,
    open_job,
    without_done,
)
from pipeline.inference.s3_photos import S3Photo

ASKED = Asked("abc", ["cat", "dog"], "/photos", 0.05, 0.5, 100)


def row(name: str, modified: int = 1, **changes: object) -> dict:
    """Return the row of a photo with one box."""
    values = {"file_name": name, "bytes": 5, "modified": modified, "width": 60, "height": 40}
    found = {"label": [1], "score": [0.75], "box": [1.0, 2.0, 31.5, 22.25], "error": None}
    return values | found | changes


@pytest.fixture
def job(tmp_path: Path) -> LabelJob:
    begun = open_job(tmp_path / "job", ASKED, restart=False)
    begun.save()
    return begun


def test_no_part_at_all(job: LabelJob) -> None:
    assert job.parts == []
    assert job.read().schema.equals(PART_SCHEMA)
    assert len(job.read()) == 0


def test_rows_come_back_by_name_the_latest_of_each(job: LabelJob) -> None:
    job.add(job.next_number, [row("b.jpg", 1), row("a.jpg", 1)])
    job.add(
        job.next_number,
        [row("b.jpg", 2, label=[], score=[], box=[]), {"file_name": "c.jpg", "error": "bad"}],
    )
    assert [part.name[:12] for part in job.parts] == ["part-000000-", "part-000001-"]
    rows = job.read().to_pylist()
    assert [(one["file_name"], one["modified"]) for one in rows] == [
        ("a.jpg", 1),
        ("b.jpg", 2),
        ("c.jpg", None),
    ]
    assert rows[0] == row("a.jpg")
    assert rows[2]["error"] == "bad"


def test_a_part_is_named_by_what_is_asked_and_of_which_photos(job: LabelJob) -> None:
    others = [
        replace(job, asked=replace(ASKED, model="abd"), folder=job.folder / "other"),
        replace(job, folder=job.folder / "again"),
        replace(job, folder=job.folder / "later"),
    ]
    for one, modified in zip([job, *others], (1, 1, 1, 2), strict=True):
        one.save()
        one.add(one.next_number, [row("a.jpg", modified)])
    names = [one.parts[0].name for one in (job, *others)]
    assert names[0] == "part-000000-259dd432f5091e30.parquet"  # as jobs that are begun have it
    assert names[0] == names[2]
    assert len(set(names)) == 3


def test_parts_of_an_earlier_version_are_gone_on_with(job: LabelJob) -> None:
    job.add(job.next_number, [row("a.jpg")])
    job.parts[0].rename(job.folder / "part-000007.parquet")
    job.add(job.next_number, [row("a.jpg", 2)])
    assert job.parts[1].name.startswith("part-000008-")
    assert job.read()["modified"].to_pylist() == [2]


def test_a_part_that_was_not_renamed_is_not_there(job: LabelJob, monkeypatch) -> None:
    job.add(job.next_number, [row("a.jpg")])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            job.add(job.next_number, [row("b.jpg")])
    assert job.read()["file_name"].to_pylist() == ["a.jpg"]
    job.add(job.next_number, [row("b.jpg")])
    assert job.read()["file_name"].to_pylist() == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("kept", [0, 10, -10])
def test_a_damaged_part_is_named(job: LabelJob, kept: int) -> None:
    job.add(job.next_number, [row("a.jpg")])
    job.parts[0].write_bytes(job.parts[0].read_bytes()[:kept])
    with pytest.raises(
        InputError, match=r"part-000000-\w+.parquet: not a part .*; remove it, and its pho"
    ):
        job.read()


def test_a_job_goes_on_as_it_was_begun_or_anew(job: LabelJob) -> None:
    job.add(job.next_number, [row("a.jpg")])
    job.made["labels.json"] = ["digest"]
    job.save()
    again = open_job(job.folder, ASKED, restart=False)
    assert (again.asked, again.made) == (ASKED, {"labels.json": ["digest"]})
    for change, told in (
        ({"model": "abd"}, "was begun with another model; --restart"),
        ({"min_score": 0.01}, "was begun with min_score 0.05 instead of 0.01; --restart"),
        ({"folder": "/other"}, "was begun with folder /photos instead of /other; --restart"),
    ):
        with pytest.raises(InputError, match=told):
            open_job(job.folder, replace(ASKED, **change), restart=False)
    other = open_job(job.folder, replace(ASKED, model="abd"), restart=True)
    assert other.made == {"labels.json": ["digest"]}
    assert other.parts  # until nothing speaks against it
    other.forget_parts()
    assert not other.parts


@pytest.mark.parametrize("text", ["", "{", "[]", '{"asked": {}, "made": {}}'])
def test_a_damaged_journal_is_named(job: LabelJob, text: str) -> None:
    (job.folder / "job.json").write_text(text)
    with pytest.raises(InputError, match=r"job.json: damaged .*; remove .*job to begin anew"):
        open_job(job.folder, ASKED, restart=False)


def test_what_waits_is_new_or_has_changed(job: LabelJob, tmp_path: Path) -> None:
    photos = WaitingPhotos.of(tmp_path, [(f"{name}.jpg", 5, 7) for name in "abc"])
    assert list(without_done(photos, job.states())) == list(photos)
    job.add(job.next_number, [row("a.jpg", 7), row("b.jpg", 8)])
    assert [one.name for one in without_done(photos, job.states())] == ["b.jpg", "c.jpg"]


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


def test_of_each_part_only_what_is_wanted_is_kept(job: LabelJob) -> None:
    for modified in (1, 2):
        job.add(job.next_number, [row("b.jpg", modified), row("a.jpg", 1)])
    states = job.states().to_pydict()
    assert states == {"file_name": ["a.jpg", "b.jpg"], "bytes": [5, 5], "modified": [1, 2]}


def test_names_are_sorted_as_python_does(job: LabelJob) -> None:
    names = ["a/b.jpg", "a-b/c.jpg", "Z.jpg", "\u00e9.jpg", "\U0001f600.jpg", "\uffee.jpg"]
    job.add(job.next_number, [row(name) for name in names])
    assert job.read()["file_name"].to_pylist() == sorted(names)
