"""Checks for copies: which leak, which contradict each other, and what is left without them."""

import numpy as np

from pipeline.checks.copies import check_copies, leak_in_words, without_leaked
from pipeline.checks.fingerprints import SIDE, Fingerprints
from pipeline.tables.build import build_tables
from tests.data.making import labels, pascal

BOX = (5, 5, 20, 20)
OBJECTS = [(0, "cat", BOX, 0), (1, "cat", BOX, 0), (2, "dog", BOX, 0), (3, "dog", BOX, 0)]
SPLITS = ("train", "val", "train", "train")


def checked(*digests, objects=OBJECTS, splits=SPLITS):
    """Return the leaked photos and the checks of flat photos whose files have these digests."""
    tables = build_tables(labels(pascal(objects, splits)))
    flat = np.zeros((len(digests), SIDE, SIDE), np.uint8)
    prints = Fingerprints(np.array(digests, np.uint64), flat, np.ones(len(digests), bool))
    return check_copies(tables.images, tables.objects, prints)


def test_no_copies():
    leaked, checks = checked(1, 2, 3, 4)
    assert not leaked.any()
    assert (checks.pairs, checks.contradicting, checks.leaked, checks.examples) == (0, 0, 0, [])


def test_a_photo_of_train_with_a_copy_in_val_leaks():
    leaked, checks = checked(1, 1, 3, 4)
    assert leaked.tolist() == [True, False, False, False]
    assert (checks.pairs, checks.leaked, checks.contradicting) == (1, 1, 0)
    pair = checks.examples[0]
    assert (pair.first.photo, pair.first.split) == ("1.jpg", "val")
    assert (pair.second.photo, pair.second.image_id, pair.second.split) == ("0.jpg", 7, "train")
    assert pair.equal and pair.same_boxes
    words = "photos of train with a copy in val or test: 1, first 1.jpg (val) and 0.jpg (train)"
    assert leak_in_words(checks) == words


def test_copies_in_train_alone_do_not_leak():
    leaked, checks = checked(1, 2, 3, 3)
    assert not leaked.any()
    assert (checks.pairs, checks.leaked) == (1, 0)


def test_equal_photos_with_different_boxes_contradict_each_other():
    moved = [*OBJECTS[:3], (3, "dog", (6, 5, 20, 20), 0)]
    _, checks = checked(1, 2, 3, 3, objects=moved)
    assert checks.contradicting == 1
    assert not checks.examples[0].same_boxes


def test_pairs_across_train_and_val_come_first():
    moved = [*OBJECTS[:3], (3, "dog", (6, 5, 20, 20), 0), (4, "dog", BOX, 0), (5, "cat", BOX, 0)]
    splits = ("train", "train", "train", "train", "train", "val")
    _, checks = checked(1, 1, 3, 3, 5, 5, objects=moved, splits=splits)
    names = [(pair.first.photo, pair.second.photo) for pair in checks.examples]
    assert names == [("5.jpg", "4.jpg"), ("2.jpg", "3.jpg"), ("0.jpg", "1.jpg")]


def test_what_is_left_out_is_noted_and_the_others_keep_their_objects():
    some = labels(pascal(OBJECTS, SPLITS))
    left = without_leaked(some, np.array([True, False, False, False]))
    assert left.images["file_name"].to_pylist() == ["1.jpg", "2.jpg", "3.jpg"]
    assert left.rows.tolist() == [0, 1, 2]
    assert left.notes == ("1 photo of train is left out: val or test has copies",)
