"""What people decided stays with the job, is applied once, and never to another picture."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.labelling.job import LabelJob, open_job
from pipeline.labelling.labels import FoundLabels
from pipeline.labelling.photo_files import states_of, up_to_date
from pipeline.labelling.reviewed import after_reviews, reviews_of
from pipeline.labelling.waiting import WaitingPhotos
from pipeline.review.decisions import Decision, Review
from tests.labelling.test_job import ASKED, row

BOX, SOURCE = (1.0, 2.0, 30.5, 20.25), Path("review.json")


@pytest.fixture
def job(tmp_path: Path) -> LabelJob:
    """Return a job that has found a cat and a dog on one place in each of two photos."""
    begun = open_job(tmp_path / "job", ASKED, restart=False)
    begun.save()
    find_again(begun, tmp_path)
    return begun


def find_again(job: LabelJob, folder: Path) -> None:
    """Write other pictures, in which the same is found."""
    number = job.next_number
    found = {"label": [0, 1], "score": [0.9, 0.75], "box": [1.0, 2.0, 31.5, 22.25] * 2}
    rows = []
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(f"picture {number}".encode())
        state = (folder / name).stat()
        state = {"bytes": state.st_size, "modified": state.st_mtime_ns}
        rows.append(row(name, **state, **found))
    job.add(number, rows)


def names_of_boxes(job: LabelJob, latest: Review | None = None) -> list[tuple[int, str]]:
    """Return photo and class of each box after all reviews."""
    folder = job.folder.parent
    named = ((name, folder / name) for name in ("a.jpg", "b.jpg"))
    photos = WaitingPhotos.of(folder, states_of(named, []))
    done, _ = up_to_date(job.done(), photos)
    found = FoundLabels(job, done, folder, np.full(2, 0.5, np.float32), doubtful=False)
    return [
        (labels.images["id"][row].as_py() - 1, labels.classes[label])
        for labels in after_reviews(found, photos, latest, SOURCE)
        for row, label in zip(labels.rows.tolist(), labels.labels.tolist(), strict=True)
    ]


def review(page: str, *decisions: tuple[str, str, str, str]) -> Review:
    """Return decisions of (photo, class, action, right class)."""
    fields = ("photo", "name", "action", "to")
    return Review(
        page=page,
        decisions=[Decision(box=BOX, **dict(zip(fields, one, strict=True))) for one in decisions],
    )


def test_no_review_at_all(job: LabelJob, capsys: pytest.CaptureFixture[str]) -> None:
    assert names_of_boxes(job) == [(0, "cat"), (0, "dog"), (1, "cat"), (1, "dog")]
    assert not reviews_of(job.folder).exists()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", ["one", ""])
def test_a_review_that_is_applied_twice_counts_once(job: LabelJob, page: str) -> None:
    """The cat is told to be a dog, and the dog on the same place is none."""
    swap = review(page, ("a.jpg", "cat", "relabel", "dog"), ("a.jpg", "dog", "reject", ""))
    for latest in (swap, swap, None):
        assert names_of_boxes(job, latest) == [(0, "dog"), (1, "cat"), (1, "dog")]


def test_reviewed_labels_come_in_blocks_with_the_same_classes(
    job: LabelJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The class that a person has added is of the last photo; nobody has looked at the first."""
    owl = review("one", ("b.jpg", "dog", "relabel", "owl"), ("b.jpg", "cat", "reject", ""))
    found = FoundLabels(job, job.done(), job.folder.parent, np.full(2, 0.5, np.float32), False)
    photos = WaitingPhotos.of(job.folder.parent, [])
    [whole] = after_reviews(found, photos, owl, SOURCE)
    monkeypatch.setattr("pipeline.labelling.job._BLOCK", 1)
    blocks = after_reviews(found, photos, None, SOURCE)
    for _ in range(2):  # a file of labels after the other
        first, second = blocks
        assert first.classes == second.classes == whole.classes == ["cat", "dog", "owl"]
        assert [first.labels.tolist(), second.labels.tolist()] == [[0, 1], [2]]
        assert [*first.ids, *second.ids] == whole.ids.tolist() == [1, 2, 4]
        assert pa.concat_tables([first.images, second.images]).equals(whole.images)


def test_what_is_undone_on_the_page_comes_back(
    job: LabelJob, capsys: pytest.CaptureFixture[str]
) -> None:
    reject = ("a.jpg", "cat", "reject", "")
    names_of_boxes(job, review("one", reject))
    names_of_boxes(job, review("one", reject, ("b.jpg", "cat", "accept", "")))
    assert names_of_boxes(job)[0] == (0, "dog")
    assert capsys.readouterr().err == ""
    assert names_of_boxes(job, review("one")) == [(0, "cat"), (0, "dog"), (1, "cat"), (1, "dog")]
    told = "review.json: replaces an earlier export of its page; 2 decisions of it are undone\n"
    assert capsys.readouterr().err == told


def test_decisions_are_not_about_another_picture_of_that_name(
    job: LabelJob, capsys: pytest.CaptureFixture[str]
) -> None:
    names_of_boxes(job, review("one", ("a.jpg", "cat", "reject", "")))
    find_again(job, job.folder.parent)
    assert names_of_boxes(job) == [(0, "cat"), (0, "dog"), (1, "cat"), (1, "dog")]
    told = "review.json: 1 decision is passed over: 1 of photos that have changed or are gone, 0 of"
    assert told in capsys.readouterr().err


def test_a_later_export_of_a_page_is_not_about_another_picture_either(
    job: LabelJob, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page shows a.jpg as it was; b.jpg is decided about for the first time."""
    names_of_boxes(job, review("one", ("a.jpg", "cat", "reject", "")))
    find_again(job, job.folder.parent)
    later = review("one", ("a.jpg", "cat", "reject", ""), ("b.jpg", "dog", "reject", ""))
    for latest in (later, later, None):
        assert names_of_boxes(job, latest) == [(0, "cat"), (0, "dog"), (1, "cat")]
        assert "1 decision is passed over: 1 of photos that have" in capsys.readouterr().err


def test_decisions_about_boxes_that_are_not_found_again_are_counted(
    job: LabelJob, capsys: pytest.CaptureFixture[str]
) -> None:
    names_of_boxes(job, review("one", ("a.jpg", "cat", "reject", "")))
    done = job.done().to_pylist()[0]
    state = {name: done[name] for name in ("bytes", "modified")}
    job.add(job.next_number, [row("a.jpg", **state, label=[0], score=[0.9])])
    job.add(job.next_number, [row("a.jpg", **state, label=[0], score=[0.9], box=[1, 2, 40, 30])])
    assert names_of_boxes(job)[0] == (0, "cat")
    assert "1 decision is passed over: 0 of photos" in capsys.readouterr().err


def test_a_new_review_is_taken_as_far_as_it_fits(
    job: LabelJob, capsys: pytest.CaptureFixture[str]
) -> None:
    """One photo has changed since, one box is not there, and one decision fits."""
    names_of_boxes(job, review("one", ("a.jpg", "cat", "reject", "")))
    find_again(job, job.folder.parent)
    decided = [("a.jpg", "cat", "reject", ""), ("b.jpg", "dog", "reject", "")]
    later = review("one", *decided, ("b.jpg", "owl", "accept", ""))
    assert names_of_boxes(job, later) == [(0, "cat"), (0, "dog"), (1, "cat")]
    told = "2 decisions are passed over: 1 of photos that have changed or are gone, 1 of boxes"
    assert told in capsys.readouterr().err


def test_a_new_review_about_nothing_that_is_there_is_refused(job: LabelJob) -> None:
    other = Decision(photo="a.jpg", name="cat", box=(5, 5, 9, 9), action="accept")
    with pytest.raises(InputError, match=r"review.json: a.jpg: no cat at .*; review them as they"):
        names_of_boxes(job, Review(page="one", decisions=[other]))
    assert not reviews_of(job.folder).exists()
