"""Photos with the name that labels give, in its folder and in others."""

import pytest

from pipeline.formats.same_photo import folders_of, may_be_same

FOLDERS = folders_of(["train/1.jpg", "val/images/1.jpg", "Day1/x/1.jpg", "day2/1.jpg", "1.jpg"])


def test_the_folders_of_a_set() -> None:
    assert FOLDERS == {"train", "val", "day1", "x", "day2"}


@pytest.mark.parametrize(
    ("named", "photo"),
    [
        ("9.jpg", "train/9.jpg"),
        ("train/9.jpg", "train/9.jpg"),
        ("valid/9.jpg", "val/images/9.jpg"),
        ("images/9.jpg", "day2/9.jpg"),
        ("sets/mine/9.jpg", "photos/9.jpg"),
        ("sets/mine/day2/9.jpg", "day2/9.jpg"),
        ("/home/eve/9.jpg", "day2/9.jpg"),
        ("/content/set/images/9.jpg", "day2/9.jpg"),
        ("C:\\Users\\eve\\9.jpg", "day2/9.jpg"),
        ("json/C:/Users/eve/9.jpg", "day2/9.jpg"),
        ("day2/day2/9.jpg", "day2/9.jpg"),
        ("https://host/a%20b/9.jpg", "a b/9.jpg"),
    ],
)
def test_a_photo_that_may_be_meant(named: str, photo: str) -> None:
    assert may_be_same(named, photo, FOLDERS)


@pytest.mark.parametrize(
    ("named", "photo"),
    [
        ("train/9.jpg", "val/9.jpg"),
        ("day1/9.jpg", "day2/9.jpg"),
        ("day1/9.jpg", "9.jpg"),
        ("day3/9.jpg", "day2/9.jpg"),
        ("/home/eve/train/9.jpg", "val/images/9.jpg"),
        ("/home/eve/test/9.jpg", "val/images/9.jpg"),
        ("C:\\set\\DAY1\\9.jpg", "day2/9.jpg"),
        ("day1//home/eve/9.jpg", "day2/9.jpg"),
    ],
)
def test_a_photo_of_another_folder_is_another(named: str, photo: str) -> None:
    assert not may_be_same(named, photo, FOLDERS)
