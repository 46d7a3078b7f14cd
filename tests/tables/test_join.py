"""Sets of several sources are joined, and their photos stay distinct."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.tables.join import as_machine, as_truth, join_sets
from tests.data.making import SMALL, labels, pascal

CATS = pascal([(0, "cat", (5, 5, 4, 4), 0)], splits=("val",), classes=("cat",))


def at(place: str, source: dict) -> tuple[str, Labels]:
    """Return a set whose photos lie in a folder of this name."""
    found = labels(source)
    photos = pa.array([f"{place}/{name}" for name in found.images["file_name"].to_pylist()])
    return place, replace(found, images=found.images.set_column(5, "photo", photos))


def test_one_set_is_returned_as_it_is() -> None:
    only = labels(pascal(SMALL))
    assert join_sets([(".", only)], Path("data")) is only


def test_photos_of_equal_names_stay_apart_and_classes_of_one_name_are_one() -> None:
    joined = join_sets([at("a", CATS), at("b", pascal(SMALL))], Path("data"))
    assert joined.images["file_name"].to_pylist() == ["a/0.jpg", "b/0.jpg", "b/1.jpg", "b/2.jpg"]
    assert joined.images["id"].to_pylist() == [1, 2, 3, 4]  # both sets have a 7
    assert joined.images["split"].to_pylist() == ["val", "train", "val", "train"]
    assert joined.classes == ["cat", "dog"]
    assert joined.ids.tolist() == [1, 2, 3, 4, 5]
    assert joined.rows.tolist() == [0, 2, 1, 1, 1]
    assert joined.labels.tolist() == [0, 1, 0, 1, 1]
    assert joined.boxes[0].tolist() == [5, 5, 4, 4]
    assert joined.scores is None


def test_ids_that_differ_stay() -> None:
    moved = pascal([(0, "cat", (5, 5, 4, 4), 0)], splits=("val",))
    moved["images"][0]["id"] = moved["annotations"][0]["image_id"] = 70
    moved["annotations"][0]["id"] = 90
    joined = join_sets([at("a", moved), at("b", pascal(SMALL))], Path("data"))
    assert joined.images["id"].to_pylist() == [70, 7, 8, 9]
    assert joined.ids.tolist() == [90, 10, 11, 12, 13]


def test_a_photo_in_two_sets_is_refused() -> None:
    with pytest.raises(InputError, match=r"data/a/0.jpg: is in two of fetch.sources; leave it out"):
        join_sets([at("a", CATS), at("a", pascal(SMALL))], Path("data"))


def test_boxes_of_a_model_keep_their_scores_and_are_learnt_from_alone() -> None:
    place, found = at("m", CATS)
    machine = as_machine(replace(found, scores=np.array([0.75], np.float32)))
    assert machine.images["split"].to_pylist() == ["train"]
    joined = join_sets([(place, machine), at("b", pascal(SMALL))], Path("data"))
    np.testing.assert_equal(joined.scores, [0.75, *[np.nan] * 4])
    assert as_machine(found).scores.tolist() == [1]


def test_notes_name_their_set() -> None:
    place, found = at("a", CATS)
    joined = join_sets([(place, replace(found, notes=("2 left out",))), at("b", CATS)], Path("d"))
    assert joined.notes == ("a: 2 left out",)


def test_scores_of_a_set_of_truth_do_not_count() -> None:
    _, found = at("a", CATS)
    assert as_truth(found) is found
    truth = as_truth(replace(found, scores=np.array([0.75], np.float32)))
    assert truth.scores is None
    assert truth.notes == (
        "scores of 1 object do not count, as the set has the role truth; "
        "labels of a model need the role machine (fetch.sources)",
    )
