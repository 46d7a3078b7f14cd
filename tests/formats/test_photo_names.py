"""Photos that labels name by paths of another machine."""

from pathlib import Path

import pytest

from pipeline.formats.photo_names import PhotoNames


@pytest.fixture
def photos(tmp_path: Path) -> PhotoNames:
    for name in ("a.jpg", "cats/a.jpg", "cats/b.png", "dogs/c.jpg", "birds/c.jpg", "cats/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return PhotoNames(tmp_path)


@pytest.mark.parametrize(
    ("path", "photo"),
    [
        ("cats/a.jpg", "cats/a.jpg"),
        ("/home/eve/cats/a.jpg", "cats/a.jpg"),
        (r"C:\sets\cats\a.jpg", "cats/a.jpg"),
        ("../cats/./a.jpg", "cats/a.jpg"),
        ("/elsewhere/a.jpg", "a.jpg"),
        ("b.png", "cats/b.png"),
        ("fish/b.png", None),  # lies in another folder
        ("dogs/b.png", None),
        ("images/b.png", "cats/b.png"),
        (r"C:\fish\b.png", "cats/b.png"),
        ("/fish/b.png", "cats/b.png"),
        ("/home/eve/dogs/b.png", None),
        ("birds/a.jpg", None),
        ("b", "cats/b.png"),  # Open Images names photos without their endings
        ("c.jpg", None),  # there are two
        ("birds/c.jpg", "birds/c.jpg"),
        ("d.jpg", None),
        ("cats", None),
        ("", None),
    ],
)
def test_the_longest_end_counts(photos: PhotoNames, path: str, photo: str | None) -> None:
    assert photos.find(path) == photo


def test_the_photo_beside_a_file_of_labels(photos: PhotoNames) -> None:
    assert photos.all_with_stem("cats/b") == ["cats/b.png"]
    assert photos.all_with_stem("b") == []
    assert "cats/b.png" in photos and "b.png" not in photos


def test_a_folder_without_photos(tmp_path: Path) -> None:
    assert PhotoNames(tmp_path).names == []
    assert PhotoNames(tmp_path).folders == frozenset()


def test_the_folders_with_photos(photos: PhotoNames) -> None:
    assert photos.folders == {".", "cats", "dogs", "birds"}


def test_photos_found_by_their_names_alone_are_noted(photos: PhotoNames) -> None:
    for path in ("cats/b.png", "b.png", "/set/cats/b.png", "/set/fish/b.png", "dogs/b.png"):
        photos.find(path)
    assert photos.notes() == [
        "photos found by their names alone, in other folders: 1 (/set/fish/b.png)"
    ]


def test_the_photo_that_a_missing_one_is_called_like(photos: PhotoNames) -> None:
    assert photos.hint("dogs/b.png") == " (the nearest is 'cats/b.png')"
    assert photos.hint("d.jpg") == ""


@pytest.mark.parametrize(
    ("there", "path", "found"),
    [
        (["train/a.png", "val/a.png"], "a.png", "train/a.png"),
        (["train/gt/a.png", "train/images/a.png"], "a.png", "train/images/a.png"),
        (["mask_train/a.png", "train/a.png"], "a.png", "train/a.png"),
        (["train/labels/images/a.png", "train/gt/a.png"], "a.png", "train/labels/images/a.png"),
        (["images_train/a.png", "images_val/a.png"], "a.png", "images_train/a.png"),
        (["images/train2017/cam/a.png"], "cam/a.png", "images/train2017/cam/a.png"),
        (["train/x/a.png", "train/y/a.png"], "a.png", "a.png"),  # in several
        (["train/a.png", "train/images/a.png"], "a.png", "a.png"),
        (["train/b.png", "val/a.png"], "a.png", "train/a.png"),  # missing
        (["a.png", "train/b.png"], "a.png", "a.png"),
        (["train/b.png", "val/a.png"], "val/a.png", "val/a.png"),
        (["train/b.png", "val/a.png"], r"val\a.png", r"val\a.png"),
        (["val/a.png"], "a.png", "a.png"),  # train has no folder
        (["a.png", "train_depth/a.png"], "a.png", "a.png"),
        (["images/a.png", "masks_train/a.png"], "a.png", "a.png"),
        (["images/a.png", "crops_train/images/a.png"], "images/a.png", "images/a.png"),
        (["train/a.png", "train_small/train/a.png"], "train/a.png", "train/a.png"),
        (["images/a.png", "runs/train/exp/results.png"], "a.png", "a.png"),
        (["cats/a.png", "train/b.png"], "a.png", "a.png"),
    ],
)
def test_the_photo_in_the_folder_of_its_split(
    tmp_path: Path, there: list[str], path: str, found: str
) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert PhotoNames(tmp_path).of_split(path, "train") == found
    assert PhotoNames(tmp_path).of_split(path, None) == path


def test_a_missing_photo_is_not_one_of_another_split(tmp_path: Path) -> None:
    for name in ("train/a.png", "train/b.png", "val/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    photos = PhotoNames(tmp_path)
    for path in ("b.png", "images/b.png", "/home/eve/b.png", r"C:\set\b.png"):
        assert photos.find(path) == "train/b.png"
        assert photos.find(photos.of_split(path, "val")) is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("json/cats/a", ["cats/a.jpg"]),
        ("json/v2/cats/b", ["cats/b.png"]),
        ("json/a", []),  # no folder in common
        ("dogs/cats/a", []),  # names another folder, too
        ("json/fish/a", []),
    ],
)
def test_photos_in_like_folders(photos: PhotoNames, path: str, found: list[str]) -> None:
    assert photos.all_in_like_folders(path) == found
