"""Joining the labels of several files."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.formats.join import join_labels
from tests.data.making import SMALL, labels, pascal

CATS = pascal([(0, "cat", (5, 5, 4, 4), 0)], splits=("val",), classes=("cat",))


def test_ids_that_are_unique_stay_and_others_are_numbered() -> None:
    one, other = labels(CATS), labels(pascal(SMALL, classes=("dog", "cat")))
    joined = join_labels([one, other], Path("file"), Path("photos"))
    assert (joined.file, joined.photos) == (Path("file"), Path("photos"))
    assert joined.images["id"].to_pylist() == [1, 2, 3, 4]
    assert joined.ids.tolist() == [1, 2, 3, 4, 5]
    far = replace(one, ids=one.ids + 100, images=one.images.set_column(0, "id", [[100]]))
    joined = join_labels([far, other], Path("file"), Path("photos"))
    assert joined.images["id"].to_pylist() == [100, 7, 8, 9]
    assert joined.ids.tolist() == [110, 10, 11, 12, 13]


def test_classes_are_merged_by_name() -> None:
    joined = join_labels(
        [labels(CATS), labels(pascal(SMALL, classes=("dog", "cat")))], Path("x"), Path("x")
    )
    assert joined.classes == ["cat", "dog"]
    assert joined.labels.tolist() == [0, 1, 0, 1, 1]
    assert joined.rows.tolist() == [0, 2, 1, 1, 1]


def test_scores_of_a_part_alone() -> None:
    one = labels(CATS)
    assert join_labels([one, one], Path("x"), Path("x")).scores is None
    scored = replace(one, scores=np.array([0.5], np.float32))
    scores = join_labels([one, scored], Path("x"), Path("x")).scores
    assert scores is not None and np.isnan(scores[0]) and scores[1] == 0.5


def test_shares_of_a_part_alone() -> None:
    one = labels(CATS)
    assert join_labels([one, one], Path("x"), Path("x")).shares is None
    joined = join_labels([one, replace(one, shares=np.array([True]))], Path("x"), Path("x"))
    assert joined.shares is not None and joined.shares.tolist() == [False, True]
