"""Which photos a user means, and the folder that has them all."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.inference.photo_files import common_folder, find_photos


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in a folder with photos on three levels and other things beside them."""
    monkeypatch.chdir(tmp_path)
    for name in ("c.jpeg", "a/2.JPG", "a/b/1.png", "odd", "labels.json"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    Path("d.jpg").mkdir()
    Path("empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("places", "expected", "folder"),
    [
        (["."], ["a/2.JPG", "a/b/1.png", "c.jpeg"], "."),
        (["a"], ["a/2.JPG", "a/b/1.png"], "a"),
        (["c.jpeg"], ["c.jpeg"], "."),
        (["a/b/1.png"], ["a/b/1.png"], "a/b"),
        (["odd"], ["odd"], "."),  # named, so it is meant
        (["c.jpeg", "a/b"], ["c.jpeg", "a/b/1.png"], "."),
        (["a/b", "a/2.JPG"], ["a/b/1.png", "a/2.JPG"], "a"),
        (["a/b", "a"], ["a/b/1.png", "a/2.JPG"], "a"),  # each photo once
    ],
)
def test_files_and_folders(place, places, expected, folder):
    paths = [Path(name) for name in places]
    assert find_photos(paths) == [Path(name) for name in expected]
    assert common_folder(paths) == Path(folder)


def test_absolute_and_relative_places_have_a_common_folder(place):
    assert common_folder([Path("c.jpeg"), place / "a"]) == place


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_no_such_place_and_no_photo_are_named(place, name):
    with pytest.raises(InputError, match=f"^{name}: no (such file or folder|photo in it); "):
        find_photos([Path("a"), Path(name)])
