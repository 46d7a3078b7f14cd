"""The four ways to split, and what is refused."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import IMAGES, Labels
from pipeline.tables.splits import assign_splits


def photos(*splits: str | None, objects: int = 0) -> Labels:
    """Return labels of photos with these splits; object k is in photo k modulo their number."""
    images = [{"id": k, "file_name": f"{k}.jpg", "split": split} for k, split in enumerate(splits)]
    ids = np.arange(objects)
    return Labels(
        Path("x"),
        Path("photos"),
        pa.Table.from_pylist(images, schema=IMAGES),
        ["cat"],
        ids,
        (ids % max(1, len(splits))).astype(np.int32),
        np.zeros(objects, np.int16),
        np.ones((objects, 4)),
        np.zeros(objects, bool),
    )


def unsplit(count: int) -> Labels:
    return photos(*[None] * count)


def splits_of(labels: Labels) -> list[str]:
    return labels.images["split"].to_pylist()


def test_fraction_counts_and_depends_on_the_seed_alone() -> None:
    options = {"val_fraction": 0.2, "test_fraction": 0.1}
    first = splits_of(assign_splits(unsplit(50), "fraction", seed=1, **options))
    again = splits_of(assign_splits(unsplit(50), "fraction", seed=1, **options))
    other = splits_of(assign_splits(unsplit(50), "fraction", seed=2, **options))
    assert [first.count(split) for split in ("train", "val", "test")] == [35, 10, 5]
    assert first == again
    assert first != other


def test_lesson_is_numpys_legacy_permutation_with_seed_42() -> None:
    got = splits_of(assign_splits(unsplit(10), "lesson"))
    np.random.seed(42)
    val = set(np.random.permutation(10)[:2].tolist())
    assert val == {8, 1}
    assert [k for k, split in enumerate(got) if split == "val"] == [1, 8]
    assert got.count("train") == 8


def test_lesson_has_500_of_2501_in_val() -> None:
    got = splits_of(assign_splits(unsplit(2501), "lesson"))
    assert (got.count("train"), got.count("val")) == (2001, 500)


def test_lesson_draws_from_the_train_of_the_source_alone() -> None:
    labels = photos(*[("val", "train", "test")[k % 3] for k in range(30)], objects=60)
    got = assign_splits(labels, "lesson")
    ids = list(range(1, 30, 3))
    assert got.images["id"].to_pylist() == ids
    assert splits_of(got) == splits_of(assign_splits(unsplit(10), "lesson"))
    assert got.ids.tolist() == [k for k in range(60) if k % 30 in ids]
    assert got.images["id"].take(pa.array(got.rows)).to_pylist() == [k % 30 for k in got.ids]


def test_given_keeps_what_is_there_and_the_argument_stays() -> None:
    assert splits_of(assign_splits(photos("train", "test"), "given")) == ["train", "test"]
    assert splits_of(assign_splits(photos("val", "val"), "given")) == ["val", "val"]
    labels = unsplit(5)
    assign_splits(labels, "fraction")
    assert splits_of(labels) == [None] * 5


@pytest.mark.parametrize(
    ("labels", "how", "options", "message"),
    [
        (photos("train", None), "given", {}, "x: image '1.jpg': has no split; "),
        (photos("valid"), "given", {}, "x: image '0.jpg': unknown split 'valid'; use one"),
        (
            photos("train", "train and val"),
            "given",
            {},
            "x: image '1.jpg': is in train and val; keep it in one, or set fetch.split to fraction",
        ),
        (unsplit(4), "fraction", {"val_fraction": 1.0}, "no photo of 4 is in train"),
        (unsplit(4), "fraction", {"val_fraction": 0.5, "test_fraction": 0.9}, "no photo of 4"),
        (unsplit(0), "lesson", {}, "no photo of 0 is in train"),
        (photos("test", "test"), "lesson", {}, "x: split 'lesson': no photo of 2 is in train"),
    ],
)
def test_splits_that_cannot_be_used_are_refused(
    labels: Labels, how: str, options: dict, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        assign_splits(labels, how, **options)
    assert message in str(caught.value)
    assert ";" in str(caught.value)


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
    drawn = assign_splits(labels, "fraction", val_fraction=0.3, test_fraction=0.2, seed=seed)
    splits = splits_of(drawn)
    assert [splits.count(split) for split in ("train", "val", "test")] == [10, 6, 4]
    assert seen_in_train(drawn) == set("abcdef")
    again = assign_splits(labels, "fraction", val_fraction=0.3, test_fraction=0.2, seed=seed)
    assert splits_of(again) == splits


def drawn_rows(seed: int) -> list[int]:
    """Return the rows of 20 photos in the order in which `fraction` draws them."""
    digests = {row: sha256(f"{seed}/{row}.jpg".encode()).hexdigest() for row in range(20)}
    return sorted(digests, key=digests.__getitem__)


def test_a_draw_that_misses_no_class_stays_as_it_was() -> None:
    labels = with_classes(*["a", "b"] * 10)
    drawn = assign_splits(labels, "fraction", seed=3)
    val = {row for row, split in enumerate(splits_of(drawn)) if split == "val"}
    assert val == set(drawn_rows(3)[:4])
    assert drawn.notes == ()


def test_what_was_moved_is_noted_and_where_train_can_spare_none_val_is_smaller() -> None:
    labels = with_classes(*"abcdefghijklmnopqrst")
    drawn = assign_splits(labels, "fraction", val_fraction=0.1, seed=1)
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
        assert splits_of(assign_splits(labels, "fraction", seed=1))[first] == "val"


@pytest.mark.parametrize("seed", range(3))
def test_photos_that_are_added_move_few_others(seed: int) -> None:
    before = assign_splits(unsplit(500), "fraction", seed=seed)
    # They come first, so that every other photo has another row than before.
    names = [f"new-{row}.jpg" for row in range(25)] + [f"{row}.jpg" for row in range(500)]
    after = assign_splits(renamed(unsplit(525), names), "fraction", seed=seed)
    pairs = list(zip(splits_of(before), splits_of(after)[25:], strict=True))
    assert sum(split != now for split, now in pairs) <= 10  # of a permutation: some 160
    assert splits_of(after).count("val") == 105


def renamed(labels: Labels, names: list[str]) -> Labels:
    column = labels.images.schema.get_field_index("file_name")
    images = labels.images.set_column(column, "file_name", pa.array(names, pa.string()))
    return replace(labels, images=images)


def test_photos_that_move_to_another_folder_stay_in_their_split() -> None:
    names = [f"images/all/{row}.jpg" for row in range(100)]
    moved = assign_splits(renamed(unsplit(100), names), "fraction")
    assert splits_of(moved) == splits_of(assign_splits(unsplit(100), "fraction"))


def test_photos_of_one_name_are_drawn_by_their_folders() -> None:
    names = [f"{row:03}/image.jpg" for row in range(100)]
    splits = splits_of(assign_splits(renamed(unsplit(100), names), "fraction"))
    assert splits.count("val") == 20 and 0 < splits[:50].count("val") < 20


def test_a_share_that_floats_cannot_hold_is_not_rounded_down() -> None:
    drawn = assign_splits(unsplit(100), "fraction", val_fraction=0.29, test_fraction=0.57)
    assert [splits_of(drawn).count(split) for split in ("train", "val", "test")] == [14, 29, 57]


def test_lesson_draws_from_photos_of_train_and_another_split() -> None:
    got = assign_splits(photos(*["train and val"] * 10, "val"), "lesson")
    assert splits_of(got) == splits_of(assign_splits(unsplit(10), "lesson"))


def test_lesson_never_changes() -> None:
    plain, rare = unsplit(20), with_classes(*"abcdefghijklmnopqrst")
    assert splits_of(assign_splits(rare, "lesson")) == splits_of(assign_splits(plain, "lesson"))
