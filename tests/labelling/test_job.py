"""Parts are complete or absent, and a job resumes only with the settings it was begun with."""

import os
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.labelling.job import PART_SCHEMA, JobSettings, LabelJob, open_job

ASKED = JobSettings("abc", ["cat", "dog"], "/photos", 0.05, 0.5, 100)


def row(name: str, modified: int = 1, **changes: object) -> dict:
    """Return the row of a photo with one box."""
    values = {"file_name": name, "bytes": 5, "modified": modified, "width": 60, "height": 40}
    found = {"label": [1], "score": [0.75], "box": [1.0, 2.0, 31.5, 22.25], "error": None}
    return values | found | changes


def rows_of(job: LabelJob) -> pa.Table:
    """Return the rows of all photos that are done, by name."""
    return pa.concat_tables(job.blocks(job.done()))


@pytest.fixture
def job(tmp_path: Path) -> LabelJob:
    begun = open_job(tmp_path / "job", ASKED, restart=False)
    begun.save()
    return begun


def test_no_part_at_all(job: LabelJob) -> None:
    assert job.parts == []
    assert rows_of(job).schema.equals(PART_SCHEMA)
    assert len(rows_of(job)) == 0


def test_rows_come_back_by_name_the_latest_of_each(job: LabelJob) -> None:
    job.add(job.next_number, [row("b.jpg", 1), row("a.jpg", 1)])
    job.add(
        job.next_number,
        [row("b.jpg", 2, label=[], score=[], box=[]), {"file_name": "c.jpg", "error": "bad"}],
    )
    assert [part.name[:12] for part in job.parts] == ["part-000000-", "part-000001-"]
    rows = rows_of(job).to_pylist()
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
    assert rows_of(job)["modified"].to_pylist() == [2]


def test_a_part_that_was_not_renamed_is_not_there(job: LabelJob, monkeypatch) -> None:
    job.add(job.next_number, [row("a.jpg")])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            job.add(job.next_number, [row("b.jpg")])
    assert rows_of(job)["file_name"].to_pylist() == ["a.jpg"]
    job.add(job.next_number, [row("b.jpg")])
    assert rows_of(job)["file_name"].to_pylist() == ["a.jpg", "b.jpg"]


def test_what_a_kill_left_of_a_part_is_none(job: LabelJob) -> None:
    job.add(job.next_number, [row("a.jpg")])
    left = job.parts[0].with_name(f"part-000001-{'0' * 16}.partial.parquet")
    left.write_bytes(b"half of a part")
    assert rows_of(job)["file_name"].to_pylist() == ["a.jpg"]
    assert job.next_number == 1


@pytest.mark.parametrize("kept", [0, 10, -10])
def test_a_damaged_part_is_named(job: LabelJob, kept: int) -> None:
    job.add(job.next_number, [row("a.jpg")])
    job.parts[0].write_bytes(job.parts[0].read_bytes()[:kept])
    with pytest.raises(
        InputError, match=r"part-000000-\w+.parquet: not a part .*; remove it, and its pho"
    ):
        rows_of(job)


def test_a_folder_of_any_name_is_gone_on_with(tmp_path: Path) -> None:
    asked = replace(ASKED, folder=os.fsdecode(b"caf\xe9"))
    open_job(tmp_path, asked, restart=False).save()
    assert open_job(tmp_path, asked, restart=False).asked == asked


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
    with pytest.raises(InputError, match=r"job.json: damaged .*; restore it, or remove it and"):
        open_job(job.folder, ASKED, restart=False)


def test_parts_without_a_journal_are_not_taken_for_those_of_any_model(job: LabelJob) -> None:
    job.add(job.next_number, [row("a.jpg")])
    (job.folder / "job.json").unlink()
    with pytest.raises(InputError, match=r"job/job\.json: missing; restore it, or begin anew with"):
        open_job(job.folder, ASKED, restart=False)
    open_job(job.folder, ASKED, restart=True).forget_parts()
    assert open_job(job.folder, ASKED, restart=False).parts == []


def test_what_is_done_is_by_name_with_the_place_of_its_row(job: LabelJob) -> None:
    for modified in (1, 2):
        job.add(job.next_number, [row("b.jpg", modified), {"file_name": "a.jpg", "error": "bad"}])
    assert job.done().to_pydict() == {
        **{"file_name": ["a.jpg", "b.jpg"], "bytes": [None, 5], "modified": [None, 2]},
        **{"error": ["bad", None], "part": [1, 1], "row": [1, 0]},
    }


def test_blocks_have_the_rows_that_are_asked_for_wherever_they_are(
    job: LabelJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.labelling.job._BLOCK", 2)
    for names in ("eca", "fb", "d"):
        job.add(job.next_number, [row(f"{name}.jpg") for name in names])
    blocks = list(job.blocks(job.done()))
    names = [block["file_name"].to_pylist() for block in blocks]
    assert names == [["a.jpg", "b.jpg"], ["c.jpg", "d.jpg"], ["e.jpg", "f.jpg"]]
    assert blocks[1].to_pylist() == [row("c.jpg"), row("d.jpg")]
    [none] = job.blocks(job.done()[:0])
    assert len(none) == 0 and none.schema.equals(PART_SCHEMA)


def test_names_are_sorted_as_python_does(job: LabelJob) -> None:
    names = ["a/b.jpg", "a-b/c.jpg", "Z.jpg", "\u00e9.jpg", "\U0001f600.jpg", "\uffee.jpg"]
    job.add(job.next_number, [row(name) for name in names])
    assert rows_of(job)["file_name"].to_pylist() == sorted(names)
