"""What a job has found becomes labels above the score of each class."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.labelling.job import PART_SCHEMA, open_job
from pipeline.labelling.labels import FoundLabels, above_min_scores, labels_of_rows
from tests.labelling.test_job import ASKED, row

CLASSES = ["cat", "dog"]
HALF = np.array([0.5, 0.5], np.float32)


def labels_of(*rows: dict, min_scores: np.ndarray = HALF, doubtful: bool = False):
    table = pa.Table.from_pylist(list(rows), schema=PART_SCHEMA)
    return labels_of_rows(table, Path("new"), CLASSES, min_scores, doubtful=doubtful)


def photo(*found: tuple[list[float], int, float], size: tuple[int, int] = (60, 40)) -> dict:
    """Return the row of a photo from (box, label, score) of each detection."""
    boxes, labels, scores = zip(*found, strict=True) if found else ((), (), ())
    sides = dict(zip(("width", "height"), size, strict=True))
    box = [side for one in boxes for side in one]
    return row("a.jpg", label=labels, score=scores, box=box, **sides)


def test_no_photos_and_an_empty_photo() -> None:
    assert len(labels_of().images) == 0
    empty = labels_of(photo())
    assert (len(empty.images), len(empty.rows), empty.classes) == (1, 0, CLASSES)


def test_boxes_are_cut_to_the_photo_and_rounded() -> None:
    found = labels_of(photo(([-4, 35, 10.123456, 95], 1, 0.75)), {"file_name": "b", "error": "bad"})
    assert found.images.to_pylist() == [
        {"id": 1, "file_name": "a.jpg", "width": 60, "height": 40, "split": None}
    ]
    assert found.boxes.tolist() == [[0, 35, 10.12, 5]]
    assert (found.labels.tolist(), found.scores.tolist()) == ([1], [0.75])
    assert found.ignore.tolist() == [False]


def test_a_box_without_area_is_no_label() -> None:
    outside = photo(([-9, 2, 0, 8], 0, 0.9), ([5, 5, 5, 9], 0, 0.8), ([5, 5, 5.004, 9], 0, 0.8))
    assert len(labels_of(outside).rows) == 0


def test_every_class_has_a_score_of_its_own() -> None:
    box = [0.0, 0, 5, 5]
    some = photo((box, 0, 0.75), (box, 1, 0.75), (box, 0, 0.5), (box, 1, 0.25))
    found = labels_of(some, min_scores=np.array([0.5, 0.75], np.float32))
    assert list(zip(found.labels, found.scores, strict=True)) == [(0, 0.75)]  # above, not at


def test_doubtful_boxes_are_to_be_ignored() -> None:
    box = [0.0, 0, 5, 5]
    found = labels_of(photo((box, 0, 0.75), (box, 1, 0.375), (box, 0, 0.25)), doubtful=True)
    assert list(zip(found.scores, found.ignore, strict=True)) == [(0.75, False), (0.375, True)]


@pytest.mark.parametrize("rows", [[1, 0, 2], [2, 2, 0]])
def test_objects_belong_to_their_photos(rows: list[int]) -> None:
    box = ([0.0, 0, 5, 5], 0, 0.75)
    found = labels_of(*(photo(*[box] * number) for number in rows))
    assert np.bincount(found.rows, minlength=3).tolist() == rows


def test_what_a_person_has_made_stays_whatever_it_scores() -> None:
    box = [0.0, 0, 5, 5]
    found = labels_of(
        photo((box, 0, 0.75), (box, 1, 0.375), (box, 0, 0.25), (box, 1, 0.125)),
        min_scores=np.zeros(2, np.float32),
    )
    scores = found.scores.copy()
    scores[3] = np.nan
    reviewed = replace(found, scores=scores, classes=[*CLASSES, "owl"], labels=found.labels.copy())
    reviewed.labels[3] = 2
    kept = above_min_scores(reviewed, HALF, doubtful=False)
    assert kept.labels.tolist() == [0, 2]
    doubtful = above_min_scores(reviewed, HALF, doubtful=True)
    assert doubtful.labels.tolist() == [0, 1, 2]
    assert doubtful.ignore.tolist() == [False, True, False]


@pytest.mark.parametrize("doubtful", [False, True])
def test_blocks_are_the_whole_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doubtful: bool
) -> None:
    box = [0.0, 0, 5, 5]
    job = open_job(tmp_path / "job", ASKED, restart=False)
    job.save()
    one = photo((box, 0, 0.75), (box, 1, 0.375), (box, 1, 0.125))
    bad = {"file_name": "c.jpg", "error": "bad"}
    rows = [one | {"file_name": f"{name}.jpg"} for name in "edba"]
    job.add(job.next_number, [*rows[:3], bad])
    job.add(job.next_number, rows[3:])
    found = FoundLabels(job, job.done(), Path("new"), HALF, doubtful)
    [whole] = found
    monkeypatch.setattr("pipeline.labelling.job._BLOCK", 3)
    blocks = list(found)
    assert [len(block.images) for block in blocks] == [3, 1]
    images = pa.concat_tables(block.images for block in blocks)
    assert images.equals(whole.images)
    assert images["id"].to_pylist() == [1, 2, 3, 4]
    assert images["file_name"].to_pylist() == ["a.jpg", "b.jpg", "d.jpg", "e.jpg"]
    for name in ("ids", "labels", "boxes", "ignore", "scores"):
        together = np.concatenate([getattr(block, name) for block in blocks])
        assert np.array_equal(together, getattr(whole, name))
    assert whole.ids.tolist() == list(range(1, (8 if doubtful else 4) + 1))
    assert [len(block.rows) for block in found.of_any_score()] == [9, 3]
    some = found.of_photos(["a.jpg", "c.jpg", "e.jpg", "z.jpg"])
    assert some.images["file_name"].to_pylist() == ["a.jpg", "e.jpg"]


def test_a_job_without_photos_has_one_empty_block(tmp_path: Path) -> None:
    job = open_job(tmp_path / "job", ASKED, restart=False)
    [none] = FoundLabels(job, job.done(), Path("new"), HALF, doubtful=False)
    assert (len(none.images), len(none.rows), none.classes) == (0, 0, CLASSES)
