"""VOC XML and its photos in the layouts that tools write."""

from pathlib import Path

import pytest

from pipeline.formats.voc.files import (
    KeysOfLists,
    PhotosOfSet,
    key_of,
    label_folders,
    photos_by_key,
    root_name,
    voc_files,
)

VOC = "<annotation/>"
CVAT = "<annotations/>"


def write(folder: Path, *names: str, text: str = VOC) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("names", "labels", "photos"),
    [
        (["Annotations/a.xml", "JPEGImages/a.jpg"], "Annotations", "JPEGImages"),
        (["annotations/a.XML", "images/a.jpg"], "annotations", "images"),
        (["ANNOTATIONS/day1/a.xml", "Images/day1/a.jpg"], "ANNOTATIONS", "Images"),
        (["Annotations/a.xml", "a.jpg"], "Annotations", ""),
        (["labels/a.xml", "labels/vis/a.jpg", "images/a.jpg"], "labels", "images"),
        (["XML/a.xml", "a.jpg"], "XML", ""),
        (["labels/a.xml", "xml/b.xml", "images/a.jpg"], "", "images"),
        (["a.xml", "a.jpg"], "", ""),
        (["train/a.xml", "train/a.jpg", "valid/b.xml", "valid/b.jpg"], "", ""),
        (["train/annotations/a.xml", "train/images/a.jpg", "val/annotations/b.xml"], "", ""),
    ],
)
def test_layouts(tmp_path: Path, names: list[str], labels: str, photos: str) -> None:
    write(tmp_path, *names)
    write(tmp_path, "._z.xml", "Annotations/._a.xml", "train/._a.xml", "__MACOSX/a.xml", text="")
    expected = [tmp_path / name for name in names if name.lower().endswith(".xml")]
    if labels != "Annotations":
        (tmp_path / "Annotations/._a.xml").unlink()
        (tmp_path / "Annotations").rmdir()
    assert voc_files(tmp_path) == (tmp_path / labels, expected, tmp_path / photos)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["annotations/a.xml"], ["annotations"]),
        (["labels/a.xml", "notes/a.jpg"], []),
        (["labels/a.xml", "labels/vis/a.jpg"], []),
        (["labels/a.xml", "Images/day1/a.jpg"], ["labels"]),
        (["Annotation/a.xml", "label/a.xml", "a.jpg"], ["Annotation", "label"]),
        (["labels/a.xml", "train/a.jpg"], ["labels"]),
        (["coco/a.json", "xml/a.xml", "a.jpg"], ["coco"]),
        (["coco/a.json", "coco/images/a.jpg", "images/b.jpg"], []),  # a set of its own
    ],
)
def test_folders_that_are_called_as_those_of_labels(
    tmp_path: Path, names: list[str], expected: list[str]
) -> None:
    write(tmp_path, *names)
    assert label_folders(tmp_path, "json", "coco") == [tmp_path / name for name in expected]


def test_other_xml_in_labels_is_no_voc(tmp_path: Path) -> None:
    write(tmp_path, "labels/a.xml", text="<settings/>")
    write(tmp_path, "images/a.jpg")
    assert voc_files(tmp_path) is None


def test_what_is_no_voc(tmp_path: Path) -> None:
    assert voc_files(tmp_path) is None
    write(tmp_path, "annotations/a.json", "images/a.jpg")
    write(tmp_path, "annotations.xml", "Annotations.xml", text=CVAT)
    assert voc_files(tmp_path) is None
    write(tmp_path, "annotations/a.xml", text=CVAT)
    assert voc_files(tmp_path) is None
    write(tmp_path, "annotations/b.xml")  # one of VOC: the reader shall name the other
    found = voc_files(tmp_path)
    assert found and len(found[1]) == 2


@pytest.mark.parametrize("text", ["", "<Annotation/>"])
def test_xml_of_a_photo_that_is_no_voc_is_left_to_the_reader(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.jpg", "b.jpg", "folder.xml/c.jpg")
    write(tmp_path, "b.xml", "pom.xml", text=text)
    assert voc_files(tmp_path) is None
    write(tmp_path, "a.xml")
    assert voc_files(tmp_path) == (tmp_path, [tmp_path / "a.xml", tmp_path / "b.xml"], tmp_path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", ""),
        ("no XML", ""),
        ('<?xml version="1.0"?>\n<!-- a note -->\n<annotation>', "annotation"),
        ("<!-- a <b> -->\n<!-- " + "<c>" * 3000 + " -->\n<annotation>", "annotation"),
        ('<v:annotation xmlns:v="x">', "annotation"),
        ("<annotations/>", "annotations"),
    ],
)
def test_the_name_of_the_root(tmp_path: Path, text: str, name: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        (tmp_path / "a.xml").write_text(text, encoding=encoding)
        assert root_name(tmp_path / "a.xml") == name


def test_a_photo_and_its_xml_have_a_key_in_common(tmp_path: Path) -> None:
    names = {
        "Annotations/a.xml": "JPEGImages/a.jpg",
        "annotations/day1/a.xml": "images/day1/a.PNG",
        "train/annotations/a.xml": "train/images/a.jpg",
        "annotations/train/b.rf.1.xml": "images/train/b.rf.1.jpg",
        "labels/day1/a.xml": "images/day1/a.jpg",
        "train/xml/a.xml": "train/images/a.jpg",
        "c/d.xml": "c/d.jpg",
    }
    for xml, photo in names.items():
        assert key_of(tmp_path / xml, tmp_path) == key_of(tmp_path / photo, tmp_path)
    assert key_of(tmp_path / "annotations/day1/a.xml", tmp_path) == "day1/a"
    write(tmp_path, "images/a.jpg", "images/a.png", "images/b/a.jpg", "images/a.txt")
    assert photos_by_key(tmp_path / "images", tmp_path) == {
        "a": [tmp_path / "images/a.jpg", tmp_path / "images/a.png"],
        "b/a": [tmp_path / "images/b/a.jpg"],
    }


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("Annotations/label/1.xml", "label/1"),  # a class
        ("JPEGImages/label/1.jpg", "label/1"),
        ("labels/1.xml", "1"),
        ("train/xml/1.xml", "train/1"),
        ("train/images/1.jpg", "train/1"),
    ],
)
def test_names_of_folders_of_labels_count_in_front_alone(
    tmp_path: Path, file: str, key: str
) -> None:
    assert key_of(tmp_path / file, tmp_path) == key


def test_a_folder_of_labels_with_photos_is_a_set_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "labels/a.xml", "labels/a.jpg", "images/z.jpg")
    assert label_folders(tmp_path) == []
    assert voc_files(tmp_path) is None


def test_xml_beside_photos_and_in_folders_of_splits_is_one_set(tmp_path: Path) -> None:
    for name in ("a.xml", "train/b.xml", "val/c.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("<annotation/>")
    found = voc_files(tmp_path)
    assert found is not None
    assert [file.relative_to(tmp_path).as_posix() for file in found[1]] == [
        *("a.xml", "train/b.xml", "val/c.xml")
    ]


def test_photos_of_a_key_in_its_spelling_and_in_others(tmp_path: Path) -> None:
    write(tmp_path, "images/day1/a.jpg", "images/day1/A.jpg", "images/B.png", "images/b.jpg")
    photos = PhotosOfSet(tmp_path / "images", tmp_path)
    assert photos.of_key("day1/a") == [tmp_path / "images/day1/a.jpg"]
    assert photos.of_key("b") == [tmp_path / "images/b.jpg"]
    assert len(photos.of_key("DAY1/a")) == 2
    assert photos.of_key("a") == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("a", "a"),
        ("a.jpg", "a"),
        ("JPEGImages/a", "a"),
        ("JPEGImages/day1/c.PNG", "day1/c"),
        ("d.rf.1", "d.rf.1"),
        ("only", "day2/only"),
        ("only.jpg", "day2/only"),
        ("c", "c"),  # of two folders
        ("day1/only", "day1/only"),  # of another folder
        ("/other/a.jpg", "/other/a.jpg"),
        ("b.jpg", "b.jpg"),
    ],
)
def test_what_the_lines_of_lists_mean(line: str, key: str) -> None:
    keys = ("a", "day1/c", "day2/c", "day2/only", "d.rf.1")
    assert KeysOfLists({name: Path(f"Annotations/{name}.xml") for name in keys}).of(line) == key
