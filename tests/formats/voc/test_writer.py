"""What is written as VOC XML."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.voc.writer import write_voc


def labels(boxes: list[LabelledBox], *names: str, split: str | None = None) -> Labels:
    images = [{"file_name": name, "width": 40, "height": 30, "split": split} for name in names]
    return labels_of_boxes(Path("labels"), Path("photos"), images, boxes)


def test_a_photo_without_objects_and_a_box_without_area(tmp_path: Path) -> None:
    told = write_voc([labels([LabelledBox(1, "cat", (3, 4, 0, 0))], "a.jpg", "b.jpg")], tmp_path)
    assert told == ("1 box is at most a pixel wide or high, which counts as empty when read again",)
    assert ElementTree.parse(tmp_path / "Annotations/a.xml").find("object") is None
    assert not (tmp_path / "ImageSets").exists()


def test_corners_are_inclusive_and_begin_with_1(tmp_path: Path) -> None:
    found = labels([LabelledBox(0, "cat", (0, 1.5, 40, 2), ignore=True)], "a.jpg", split="val")
    assert write_voc([found], tmp_path) == ()
    item = ElementTree.parse(tmp_path / "Annotations/a.xml").find("object")
    assert item is not None
    corners = [item.findtext(f"bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax")]
    assert corners == ["1", "2.5", "40", "3.5"]
    assert (item.findtext("name"), item.findtext("difficult")) == ("cat", "1")
    assert (tmp_path / "ImageSets/Main/val.txt").read_text() == "a\n"


def test_photos_that_would_share_an_xml_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.png: would share a.xml with a.jpg; rename one"):
        write_voc([labels([], "a.jpg", "a.png")], tmp_path)


def test_no_xml_is_written_outside_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere/x.jpg"
    with pytest.raises(InputError, match="its name leaves the folder; give a path inside it"):
        write_voc([labels([], "a.jpg", str(outside))], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
