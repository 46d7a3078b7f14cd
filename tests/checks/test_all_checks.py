"""Checks of a set: counts by split and class, and a sentence for each finding."""

import re

import numpy as np
import pytest

from pipeline.checks.all_checks import check_tables
from pipeline.findings import ClassCount, CopiedPhoto, CopyChecks, CopyPair, SplitCount
from pipeline.tables.build import build_tables
from tests.data.making import SMALL, labels, pascal

NO_COPIES = CopyChecks(0, 0, 0, False, [])
PLENTY = [
    (n % 2, name, (n, 2 * m, 20, 20), 0) for m, name in enumerate(("cat", "dog")) for n in range(20)
]


def findings(
    objects, *, splits=("train", "train", "val", "val"), decoded=None, copies=NO_COPIES, **names
):
    tables = build_tables(labels(pascal(objects, splits, **names)))
    every = np.ones(len(splits), bool) if decoded is None else np.array(decoded)
    return check_tables(tables.images, tables.objects, decoded=every, copies=copies, input_side=100)


def test_where_all_is_well_nothing_is_said():
    assert findings(PLENTY).lines == []


def test_splits_and_classes_are_counted_apart_from_ignored_objects():
    found = findings(SMALL, splits=("train", "val", "train"))
    assert found.splits == [
        SplitCount("train", 2, 1, 2, 1),
        SplitCount("val", 1, 0, 1, 0),
        SplitCount("test", 0, 0, 0, 0),
    ]
    assert found.classes == [ClassCount("cat", 1, 0, 0, 0), ClassCount("dog", 1, 1, 0, 1)]


@pytest.mark.parametrize(
    ("splits", "line"),
    [
        (
            ("train",) * 3,
            "photos in val: 0 of 3, and training needs 2; "
            "put more there, or set fetch.split to fraction with a larger fetch.val_fraction",
        ),
        (
            ("train", "val", "val"),
            "photos in train: 1 of 3, and training needs 2; "
            "put more there, or set fetch.split to fraction with smaller fractions",
        ),
    ],
)
def test_splits_that_training_refuses(splits, line):
    assert findings([one for one in PLENTY if one[0] == 0], splits=splits).lines == [line]


def test_rare_classes_and_classes_without_objects():
    found = findings(PLENTY[:20], classes=("cat", "dog", "emu"))
    assert found.lines == [
        "classes without objects that count: 2, first dog; label some or remove the class"
    ]
    found = findings(PLENTY[:29])
    assert found.lines == [
        "classes with under 10 objects in train: 1, first dog with 9; label more of them"
    ]


def test_boxes_are_named_with_photo_and_class():
    found = findings([*PLENTY, PLENTY[0], (1, "dog", (0, 0, 1, 30), 0)])
    assert found.lines == [
        "boxes equal to another of the same photo and class: 1 of 42, first in 0.jpg (cat); "
        "remove them",
        "boxes with a side under 4 pixels in a photo of 100 x 100: 1 of 42, first in 1.jpg (dog); "
        "a larger pixels.size and image_size show them",
        "boxes with a side under 2 pixels of their photo: 1 of 42, first in 1.jpg (dog); "
        "remove those drawn by accident",
        "boxes over 10 times as long as wide: 1 of 42, first in 1.jpg (dog); "
        "check whether they are right",
    ]


def test_files_that_do_not_decode_are_named():
    found = findings(PLENTY, decoded=[True, False, True, True])
    assert found.lines == ["photos that cannot be decoded: 1, first 1.jpg; replace or remove them"]


def test_copies_are_named_with_what_becomes_of_them():
    photos = (CopiedPhoto("a.jpg", 1, "val"), CopiedPhoto("b.jpg", 2, "train"))
    pair = CopyPair(*photos, equal=True, same_boxes=False)
    warned = findings(PLENTY, copies=CopyChecks(1, 1, 1, False, [pair])).lines
    assert warned == [
        "pairs of photos that are copies: 1, first a.jpg (val) and b.jpg (train); keep one of each",
        "photos of train with a copy in val or test: 1, first b.jpg; "
        "tables.duplicates: drop leaves them out",
        "pairs of equal photos with different boxes: 1, first a.jpg and b.jpg; "
        "keep one photo of each",
    ]
    dropped = findings(PLENTY, copies=CopyChecks(1, 0, 1, True, [pair])).lines
    assert dropped[1] == "photos of train with a copy in val or test: 1, first b.jpg; left out"


def test_every_sentence_has_a_count_and_what_to_do():
    """docs/labels.md promises it, whatever is found."""
    photos = (CopiedPhoto("a.jpg", 1, "train"), CopiedPhoto("b.jpg", 2, "val"))
    copies = CopyChecks(1, 1, 1, False, [CopyPair(*photos, equal=True, same_boxes=False)])
    odd = [*PLENTY[:28], PLENTY[0], (1, "dog", (0, 0, 1, 30), 0)]
    names = ("cat", "dog", "emu")
    lines = findings(odd, copies=copies, decoded=[True, False, True, True], classes=names).lines
    assert len(lines) == 10
    for line in lines:
        assert re.fullmatch(r".+: \d+( of \d+)?, first .+; .+ .+", line), line
