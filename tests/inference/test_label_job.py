"""Parts are there whole or not at all, and a job goes on only as it was begun."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.inference.label_job import (
    PART_SCHEMA,
    Asked,
    LabelJob,
    Waiting,
    open_job,
    without_done,
)

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
    photos = []
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).write_bytes(b"12345")
        os.utime(tmp_path / name, ns=(7, 7))
        photos.append(Waiting.of(name, tmp_path / name))
    job.add(job.next_number, [row("a.jpg", 7), row("b.jpg", 8)])
    assert [one.name for one in without_done(photos, job.read())] == ["b.jpg", "c.jpg"]
