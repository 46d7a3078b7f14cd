"""Names that classes and photos must not have."""

import pytest

from pipeline.errors import InputError
from pipeline.formats.names import (
    LabelFileNames,
    fault_of_name,
    fault_of_path,
    fault_of_photo,
    plain_name,
)


def test_a_name_is_plain_without_spaces_and_with_accents_in_one_letter() -> None:
    assert plain_name(" cafe\u0301\t") == "caf\u00e9"
    assert plain_name("my own cat") == "my own cat"


@pytest.mark.parametrize("name", ["cat", "my own cat", "猫", "..", "a/b"])
def test_any_text_is_the_name_of_a_class(name: str) -> None:
    assert fault_of_name(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is not a name; give one"),
        (" ", "is not a name; give one"),
        (4, "is not a name; give one"),
        (None, "is not a name; give one"),
        ("\ud83d", "is not text in UTF-8; rename it"),
        ("a\0.jpg", "holds a control character, which XML and CSV cannot; rename it"),
        ("a\n.jpg", "holds a control character, which XML and CSV cannot; rename it"),
    ],
)
def test_what_is_no_name(name: object, fault: str) -> None:
    assert fault_of_name(name) == fault_of_path(name) == fault


@pytest.mark.parametrize("path", ["a.jpg", "sub/a.jpg", "./a.jpg", "a..b.jpg", "写真/猫.jpg"])
def test_paths_inside_the_folder(path: str) -> None:
    assert fault_of_path(path) is None


@pytest.mark.parametrize(
    "path", ["../a.jpg", "x/../../a.jpg", "/etc/a.jpg", "C:\\a.jpg", "..\\a.jpg", "."]
)
def test_paths_that_leave_the_folder(path: str) -> None:
    assert fault_of_path(path) == "leaves the folder; give a path inside it"


@pytest.mark.parametrize(
    "path", ["a.jpg", "../a.jpg", "x/../../a.jpg", "/etc/a.jpg", "C:\\a.jpg", "..\\a.jpg"]
)
def test_paths_of_another_machine_may_name_a_photo_of_the_set(path: str) -> None:
    assert fault_of_photo(path) is None


@pytest.mark.parametrize("path", [".", "..", "x/..", "x\\..", "/", "\\"])
def test_paths_that_name_no_file(path: str) -> None:
    assert fault_of_photo(path) == "names no file; give the name of a photo"


@pytest.mark.parametrize("name", ["", 4, "\ud83d"])
def test_what_is_no_name_names_no_photo(name: object) -> None:
    assert fault_of_photo(name) == fault_of_name(name)


def test_a_file_of_labels_lies_as_its_photo_does() -> None:
    names = LabelFileNames(".xml")
    assert [names.of(photo) for photo in ("a.jpg", "cats/1.b.png")] == ["a.xml", "cats/1.b.xml"]
    with pytest.raises(InputError, match=r"a.png: would share a.xml with a.jpg; rename one of"):
        names.of("a.png")


@pytest.mark.parametrize("name", ["/tmp/x.jpg", "//tmp/x.jpg", "a/../../x.jpg", "C:\\x.jpg"])
def test_no_file_of_labels_leaves_the_folder(name: str) -> None:
    with pytest.raises(InputError, match=r"^photo '.*': its name leaves the folder; give a path"):
        LabelFileNames(".xml").of(name)
