"""The four ways to split, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.tables.splits import assign_splits, read_split_lists


def photos(count: int, **extra: object) -> dict:
    """Return Pascal JSON with so many photos and nothing in them."""
    images = [{"id": k, "file_name": f"{k}.jpg"} | extra for k in range(count)]
    return {"images": images, "annotations": [], "categories": []}


def splits_of(pascal: dict) -> list[str]:
    return [image["split"] for image in pascal["images"]]


def test_fraction_counts_and_depends_on_the_seed_alone() -> None:
    options = {"where": "x", "val_fraction": 0.2, "test_fraction": 0.1}
    first = splits_of(assign_splits(photos(50), "fraction", seed=1, **options))
    again = splits_of(assign_splits(photos(50), "fraction", seed=1, **options))
    other = splits_of(assign_splits(photos(50), "fraction", seed=2, **options))
    assert [first.count(split) for split in ("train", "val", "test")] == [35, 10, 5]
    assert first == again
    assert first != other


def test_lesson_is_numpys_legacy_permutation_with_seed_42() -> None:
    got = splits_of(assign_splits(photos(10), "lesson", where="x"))
    np.random.seed(42)
    val = set(np.random.permutation(10)[:2].tolist())
    assert val == {8, 1}
    assert [k for k, split in enumerate(got) if split == "val"] == [1, 8]
    assert got.count("train") == 8


def test_lesson_has_500_of_2501_in_val() -> None:
    got = splits_of(assign_splits(photos(2501), "lesson", where="x"))
    assert (got.count("train"), got.count("val")) == (2001, 500)


def test_lesson_draws_from_the_train_of_the_source_alone() -> None:
    pascal = photos(30)
    for image in pascal["images"]:
        image["split"] = ("val", "train", "test")[image["id"] % 3]
    pascal["annotations"] = [{"id": k, "image_id": k % 30} for k in range(60)]
    got = assign_splits(pascal, "lesson", where="x")
    ids = list(range(1, 30, 3))
    assert [image["id"] for image in got["images"]] == ids
    assert splits_of(got) == splits_of(assign_splits(photos(10), "lesson", where="x"))
    assert [item["id"] for item in got["annotations"]] == [k for k in range(60) if k % 30 in ids]
    assert len(pascal["images"]) == 30


def test_given_keeps_what_is_there_and_the_argument_stays() -> None:
    pascal = photos(2, split="train")
    pascal["images"][1]["split"] = "test"
    assert splits_of(assign_splits(pascal, "given", where="x")) == ["train", "test"]
    unsplit = photos(5)
    assign_splits(unsplit, "fraction", where="x")
    assert unsplit == photos(5)


@pytest.mark.parametrize(
    ("pascal", "how", "options", "message"),
    [
        (photos(2), "given", {}, "x: image '0.jpg': has no split; "),
        (photos(2, split="valid"), "given", {}, "x: image '0.jpg': unknown split 'valid'; use one"),
        (photos(2, split=["val"]), "given", {}, "unknown split"),
        (photos(2, split="val"), "given", {}, "x: split 'given': no photo of 2 is in train"),
        (photos(4), "fraction", {"val_fraction": 1.0}, "no photo of 4 is in train"),
        (photos(4), "fraction", {"val_fraction": 0.5, "test_fraction": 0.9}, "no photo of 4"),
        (photos(0), "lesson", {}, "no photo of 0 is in train"),
        (photos(3, split="test"), "lesson", {}, "x: split 'lesson': no photo of 3 is in train"),
    ],
)
def test_splits_that_cannot_be_used_are_refused(
    pascal: dict, how: str, options: dict, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        assign_splits(pascal, how, where="x", **options)
    assert message in str(caught.value)
    assert ";" in str(caught.value)


def test_no_lists_no_splits(tmp_path: Path) -> None:
    assert read_split_lists(tmp_path / "absent") == {}


def test_lists_are_read_and_trainval_alone_is_train(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\nb  1\n\n")
    (tmp_path / "val.txt").write_text("c -1\n")
    (tmp_path / "trainval.txt").write_text("a\nb\nc\nd\n")
    assert read_split_lists(tmp_path) == {"a": "train", "b": "train", "c": "val", "d": "train"}


def test_names_with_spaces_stay_whole_and_flags_fall_off(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("IMG 1\n IMG 2  1\nmy own cat -1 \n")
    (tmp_path / "val.txt").write_text("IMG 3\nIMG 2 b  0\n")
    train, val = ("IMG 1", "IMG 2", "my own cat"), ("IMG 3", "IMG 2 b")
    assert read_split_lists(tmp_path) == dict.fromkeys(train, "train") | dict.fromkeys(val, "val")


def test_a_name_in_two_lists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\nb\n")
    (tmp_path / "test.txt").write_text("b\n")
    with pytest.raises(InputError, match=r"test.txt: b: is in train.txt as well; keep it"):
        read_split_lists(tmp_path)


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match=r"train.txt: not text"):
        read_split_lists(tmp_path)
