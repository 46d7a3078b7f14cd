"""Photos found by their addresses in Label Studio."""

from pathlib import Path

import pytest

from pipeline.formats.label_studio.photos import path_of_address, photo_of_address
from pipeline.formats.photo_names import PhotoNames


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/data/local-files/?d=cats/a%20b.jpg", "cats/a b.jpg"),
        ("/data/local-files/?d=home%2Feve%2Fa.jpg", "home/eve/a.jpg"),
        ("/data/upload/1/0123abcd-a.jpg", "data/upload/1/0123abcd-a.jpg"),
        ("s3://bucket/cats/a.jpg", "cats/a.jpg"),
        ("https://example.org/cats/a.jpg?size=9", "cats/a.jpg"),
        (r"C:\cats\a.jpg", "C:/cats/a.jpg"),
        ("a.jpg", "a.jpg"),
        ("s3://bucket/cats/a#1.jpg", "cats/a#1.jpg"),
        ("gs://bucket/a?1%202.jpg", "a?1 2.jpg"),
        ("/data/upload/1/a#1.jpg", "data/upload/1/a#1.jpg"),
        ("/data/local-files/?d=cats/a#1.jpg", "cats/a#1.jpg"),
        ("https://example.org/a#1.jpg", "a#1.jpg"),
        ("https://example.org/a#1.jpg?size=9", "a#1.jpg"),
        ("https://example.org/a.jpg?size=9#top", "a.jpg"),
        ("https://example.org/a.jpg#top", "a.jpg"),
    ],
)
def test_paths(address: str, path: str) -> None:
    assert path_of_address(address) == path


def test_digits_of_an_upload_are_left_out_unless_they_are_the_photos_own(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "cats/0123abcd-b.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    photos = PhotoNames(tmp_path)
    assert photo_of_address("/data/upload/1/0123abcd-a.jpg", photos) == "a.jpg"
    assert photo_of_address("/data/upload/1/0123abcd-b.jpg", photos) == "cats/0123abcd-b.jpg"
    assert photo_of_address("s3://bucket/x/missing.jpg", photos) == "/x/missing.jpg"
    assert photo_of_address("/data/local-files/?d=x/missing.jpg", photos) == "x/missing.jpg"


def test_folders_of_another_machine_make_no_difference_and_those_of_the_set_do(
    tmp_path: Path,
) -> None:
    for name in ("day1/a.jpg", "day2/b.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    photos = PhotoNames(tmp_path)
    assert photo_of_address("s3://bucket/x/b.jpg", photos) == "day2/b.jpg"
    assert photo_of_address("s3://bucket/day1/b.jpg", photos) == "/day1/b.jpg"
    assert photo_of_address("/data/local-files/?d=x/b.jpg", photos) == "x/b.jpg"
