"""The four ways to split, and what is refused."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.tables.splits import assign_splits
from tests.tables.making import photos, splits_of, unsplit


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
