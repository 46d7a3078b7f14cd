"""Photos that move so that train has every class, over all sets."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.formats.labels import Labels
from pipeline.tables.every_class import with_every_class
from pipeline.tables.join import join_sets
from pipeline.tables.splits import assign_splits
from tests.tables.making import photos, splits_of


def drawn_from(labels: Labels, *, seed: int, **options: float) -> Labels:
    """Return the labels of one set, split by `fraction` with all classes in train."""
    drawn = assign_splits(labels, "fraction", seed=seed, **options)
    people = np.ones(len(labels.images), bool)
    return with_every_class(drawn, labels.images["file_name"], people, seed)


def with_classes(*classes: str, ignore: tuple[int, ...] = ()) -> Labels:
    """Return labels of 20 photos with an object of each of these classes in photos 0, 1, ..."""
    names = sorted(set(classes))
    labels = photos(*[None] * 20, objects=len(classes))
    return replace(
        labels,
        classes=names,
        labels=np.array([names.index(name) for name in classes], np.int16),
        ignore=np.isin(np.arange(len(classes)), ignore),
    )


def seen_in_train(labels: Labels) -> set[str]:
    splits = splits_of(labels)
    rows = zip(labels.rows, labels.labels, strict=True)
    return {labels.classes[label] for row, label in rows if splits[row] == "train"}


@pytest.mark.parametrize("seed", range(20))
def test_fraction_puts_every_class_into_train_and_keeps_the_sizes(seed: int) -> None:
    labels = with_classes("a", "b", "c", "d", "e", "f")  # 14 photos can be spared
    drawn = drawn_from(labels, val_fraction=0.3, test_fraction=0.2, seed=seed)
    splits = splits_of(drawn)
    assert [splits.count(split) for split in ("train", "val", "test")] == [10, 6, 4]
    assert seen_in_train(drawn) == set("abcdef")
    again = drawn_from(labels, val_fraction=0.3, test_fraction=0.2, seed=seed)
    assert splits_of(again) == splits


def drawn_rows(seed: int) -> list[int]:
    """Return the rows of 20 photos in the order in which `fraction` draws them."""
    digests = {row: sha256(f"{seed}/{row}.jpg".encode()).hexdigest() for row in range(20)}
    return sorted(digests, key=digests.__getitem__)


def test_a_draw_that_misses_no_class_stays_as_it_was() -> None:
    labels = with_classes(*["a", "b"] * 10)
    drawn = drawn_from(labels, seed=3)
    val = {row for row, split in enumerate(splits_of(drawn)) if split == "val"}
    assert val == set(drawn_rows(3)[:4])
    assert drawn.notes == ()


def test_what_was_moved_is_noted_and_where_train_can_spare_none_val_is_smaller() -> None:
    labels = with_classes(*"abcdefghijklmnopqrst")
    drawn = drawn_from(labels, val_fraction=0.1, seed=1)
    assert splits_of(drawn) == ["train"] * 20
    first, second = sorted(drawn_rows(1)[:2])
    names = f"{labels.classes[first]}, {labels.classes[second]}"
    assert drawn.notes == (f"photos moved into train, which had no object of {names}: 2",)


def test_objects_that_do_not_count_need_no_photo_in_train() -> None:
    first = drawn_rows(1)[0]  # in val
    classes = ["a"] * 20
    classes[first] = "b"
    ignored = with_classes(*classes, ignore=(first,))
    flat = replace(ignored, ignore=np.zeros(20, bool), boxes=ignored.boxes.copy())
    flat.boxes[first, 2] = 0
    for labels in (ignored, flat):
        assert splits_of(drawn_from(labels, seed=1))[first] == "val"


def two_sets(other: str, **of_other: bool) -> Labels:
    """Return a set whose first drawn photo alone has a dog, and one of a dog in `other`."""
    classes = ["cat"] * 20
    classes[drawn_rows(1)[0]] = "dog"
    first = with_classes(*classes)
    second = replace(photos(other, objects=1), classes=["dog"])
    parts = [("one", assign_splits(first, "fraction", seed=1)), ("two", second)]
    parts = [(place, with_photo_names(labels, place)) for place, labels in parts]
    drawn_by = pa.chunked_array(
        [first.images["file_name"].combine_chunks(), pa.nulls(1, pa.string())]
    )
    by_people = np.array([True] * 20 + [of_other.get("by_people", True)])
    return with_every_class(join_sets(parts, Path("all")), drawn_by, by_people, 1)


def with_photo_names(labels: Labels, place: str) -> Labels:
    names = pa.array([f"{place}/{name}" for name in labels.images["file_name"].to_pylist()])
    return replace(labels, images=labels.images.append_column("photo", names))


def test_a_class_that_another_set_has_in_train_moves_nothing() -> None:
    both = two_sets("train")
    assert splits_of(both)[drawn_rows(1)[0]] == "val"
    assert both.notes == ()


@pytest.mark.parametrize(("other", "by_people"), [("val", True), ("train", False)])
def test_what_others_have_elsewhere_or_from_a_model_does_not_do(
    other: str, by_people: bool
) -> None:
    both = two_sets(other, by_people=by_people)
    assert splits_of(both)[drawn_rows(1)[0]] == "train"
    assert splits_of(both)[20] == other, "a split that was given stays"
    assert [splits_of(both)[:20].count(split) for split in ("train", "val")] == [16, 4]
    assert both.notes == ("photos moved into train, which had no object of dog: 1",)


def test_a_class_of_given_splits_alone_moves_nothing() -> None:
    labels = photos("train", "val", objects=2)
    labels = replace(labels, classes=["cat", "dog"], labels=np.array([0, 1], np.int16))
    given = with_every_class(
        labels, pa.chunked_array([pa.nulls(2, pa.string())]), np.ones(2, bool), 1
    )
    assert splits_of(given) == ["train", "val"]
