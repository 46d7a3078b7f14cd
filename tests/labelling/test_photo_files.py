"""Which photos a user means, and the folder that has them all."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.inference.s3_photos import S3Photo
from pipeline.labelling.photo_files import (
    common_folder,
    find_photos,
    named_photos,
    passed_over,
    states_of,
    up_to_date,
)
from pipeline.labelling.refusals import Refusal


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
    assert list(find_photos(places)) == [Path(name) for name in expected]
    assert common_folder(places) == Path(folder)


def test_absolute_and_relative_places_have_a_common_folder(place):
    assert common_folder(["c.jpeg", str(place / "a")]) == place


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_no_such_place_and_no_photo_are_named(place, name):
    with pytest.raises(InputError, match=f"^{name}: no (such file or folder|photo in it); "):
        list(find_photos(["a", name]))


def test_patterns_and_lists(place):
    assert list(find_photos(["a/*/*.png"])) == [Path("a/b/1.png")]
    assert list(find_photos(["**/*.[Jj]*[gG]"]))[:1] == [Path("a/2.JPG")]


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [("a/*/*.png", "a"), ("**/*.png", "."), ("c.j*", "."), ("[a]/*.JPG", ".")],
)
def test_the_folder_of_a_pattern_is_the_same_whatever_it_matches(place, pattern, folder):
    for _ in range(2):
        assert common_folder([pattern]) == Path(folder)
        Path("a/b2").mkdir(exist_ok=True)
        Path("a/b2/3.png").touch()
    assert common_folder([str(place / pattern)]) == place / folder


def test_a_list_of_files_and_folders(place):
    Path("list.txt").write_text("c.jpeg\n\na/b\n")
    assert list(find_photos(["@list.txt"])) == [Path("c.jpeg"), Path("a/b/1.png")]
    assert common_folder(["@list.txt"]) == Path()
    with pytest.raises(InputError, match=r"none.txt: cannot be read .*; give a list of photos"):
        list(find_photos(["@none.txt"]))
    with pytest.raises(InputError, match=r"x\*.jpg: matches no photo; correct the pattern"):
        list(find_photos(["x*.jpg"]))


def test_a_line_of_a_list_that_begins_with_an_at_is_a_file_or_an_error(place):
    Path("@home.png").touch()
    Path("list.txt").write_text("@home.png\n")
    assert list(find_photos(["@list.txt"])) == [Path("@home.png")]
    Path("list.txt").write_text("@other.txt\n")
    with pytest.raises(InputError, match=r"list.txt: @other.txt: no such file; a list names no"):
        list(find_photos(["@list.txt"]))


def test_a_pattern_also_names_folders(place):
    found = ["a/2.JPG", "a/b/1.png", "c.jpeg", "labels.json", "odd"]
    assert list(find_photos(["*"])) == list(map(Path, found))
    with pytest.raises(InputError, match=r"empt\*: matches no photo"):
        list(find_photos(["empt*"]))


def test_names_that_no_file_of_labels_can_hold_are_refused(place):
    bad = [Path(os.fsdecode(b"caf\xe9.png")), Path("a\x01b.jpg")]
    refused: list[Refusal] = []
    photos = [("2.JPG", Path("a/2.JPG")), *((f"../{one}", one) for one in bad)]
    assert [state[0] for state in states_of(photos, refused)] == ["2.JPG"]
    assert [one.photo for one in refused] == ["../caf\\xe9.png", "../a\x01b.jpg"]
    assert refused[0].reason == "its name is not text in UTF-8; rename it"
    assert refused[1].reason.startswith("its name holds a control character")


def test_keys_in_s3_that_are_paths_of_the_machine_are_refused():
    keys = {name: S3Photo(f"photos/new/{name}", 9, 1) for name in ("/tmp/x.jpg", "a/../../y.jpg")}
    refused: list[Refusal] = []
    assert not list(states_of(keys.items(), refused))
    reason = "its name leaves the folder; give a path inside it"
    assert refused == [Refusal(name, reason) for name in keys]


def test_a_photo_that_is_linked_comes_once(place):
    Path("a/again.jpg").symlink_to(place / "c.jpeg")
    Path("a/round").symlink_to(place)
    assert list(find_photos(["."])) == [Path("a/2.JPG"), Path("a/again.jpg"), Path("a/b/1.png")]


def test_other_files_are_counted(place):
    Path(".hidden").touch()
    assert passed_over(["."]) == 2  # odd, labels.json
    assert passed_over(["c.jpeg"]) == 0
    assert passed_over(["."], [Path("labels.json")]) == 1  # odd
    assert passed_over(["."], [place / "labels.json", Path("a"), Path("odd")]) == 0
    Path("__MACOSX").mkdir()
    Path("__MACOSX/._c.jpeg").touch()
    inside = Path("a/b")
    os.chdir(inside)
    assert passed_over(["../.."]) == 2


def test_links_to_other_photos_are_counted_with_them(place, monkeypatch):
    Path("a/again.jpg").symlink_to(place / "a/2.JPG")
    Path("a/round").symlink_to(place / "a/b")
    assert passed_over(["."]) == 3  # odd, labels.json, again.jpg
    assert passed_over(["a", str(place / "a")]) == 1
    monkeypatch.chdir("a/b")
    assert passed_over(["../../a"]) == 1


def test_no_common_folder_climbs(place):
    assert common_folder(["a/../a/b", "c.jpeg"]) == place
    assert common_folder(["a/b/../../c.jpeg", "a"]) == place


def test_two_dots_behind_a_link_lead_to_where_the_system_goes(place):
    """`link/..` is the folder above the link's target; by its text it would be the one here."""
    for folder in ("a/photos", "photos"):
        Path(folder).mkdir()
    Path("a/photos/1.jpg").write_text("wanted")
    Path("photos/1.jpg").write_text("other")
    Path("link").symlink_to("a/b")
    for where in (["link/../photos"], ["link/../photos/1.jpg"], ["link/../photos", "c.jpeg"]):
        photos, _, _ = named_photos(where)
        assert photos[0].photo.read_text() == "wanted"


@pytest.mark.parametrize("name", ["", " "])
def test_no_name_is_not_the_current_folder(place, name):
    with pytest.raises(InputError, match=r"^a name is empty; name photos or folders with photos$"):
        named_photos(["a", name])


def test_a_list_without_a_line_is_refused(place):
    Path("list.txt").write_text("\n \n")
    with pytest.raises(InputError, match=r"^list\.txt: is empty; give a list of photos$"):
        named_photos(["@list.txt"])


def test_a_list_that_names_itself_is_no_list(place):
    Path("list.txt").write_text("@list.txt\nc.jpeg\n")
    with pytest.raises(InputError, match="a list names no lists"):
        list(find_photos(["@list.txt"]))


def test_photos_have_their_names_sizes_and_files(place):
    Path("a/b/1.png").write_bytes(b"12345")
    photos, unnamed, folder = named_photos(["a"])
    assert (unnamed, folder, len(photos)) == ([], Path("a"), 2)
    assert [one.name for one in photos] == ["2.JPG", "b/1.png"]
    assert photos[1].photo == Path("a/b/1.png")
    assert photos[1][2:] == (5, Path("a/b/1.png").stat().st_mtime_ns)


def test_labels_of_photos_that_are_gone_or_have_changed_go(place):
    photos, _, _ = named_photos(["a"])
    Path("a/late.png").write_bytes(b"123")
    beside = Path("a/late.png").stat()
    done = pa.table(
        {
            "file_name": ["2.JPG", "b/1.png", "b/gone.png", "late.png"],
            "bytes": [photos[0].size, photos[1].size + 1, 5, beside.st_size],
            "modified": [photos[0].modified, photos[1].modified, 7, beside.st_mtime_ns],
        }
    )
    kept, changed = up_to_date(done, photos)
    assert (kept["file_name"].to_pylist(), changed) == (["2.JPG", "late.png"], 1)
    Path("a/late.png").write_bytes(b"another")
    kept, changed = up_to_date(done, photos)
    assert (kept["file_name"].to_pylist(), changed) == (["2.JPG"], 2)
    kept, changed = up_to_date(done[:0], photos)
    assert (len(kept), changed) == (0, 0)
    kept, changed = up_to_date(done, type(photos)("s3://bucket/a", photos.states))
    assert (kept["file_name"].to_pylist(), changed) == (["2.JPG"], 1)


def test_a_link_to_a_photo_of_another_place_comes_once(place):
    Path("e").mkdir()
    Path("e/link.png").symlink_to(place / "a/b/1.png")
    found = list(find_photos(["a", "e", "c.jpeg"]))
    assert found == [Path("a/2.JPG"), Path("a/b/1.png"), Path("c.jpeg")]
    assert list(find_photos(["e", "a"])) == [Path("e/link.png"), Path("a/2.JPG")]
    assert passed_over(["a", "e"]) == 1
