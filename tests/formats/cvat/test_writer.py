"""What is written as CVAT's XML; round trips are tested for all formats together."""

from pathlib import Path

from pipeline.formats.cvat.writer import write_cvat
from pipeline.formats.labels import LabelledBox, labels_of_boxes


def test_what_is_written(tmp_path: Path) -> None:
    images = [
        {"file_name": "a.jpg", "width": 60, "height": 40, "split": "val"},
        {"file_name": "b/c.jpg", "width": None, "height": None},
    ]
    boxes = [
        LabelledBox(0, "cat & co", [1, 2.5, 3, 4], ignore=True),
        LabelledBox(0, "cat & co", [0, 0, 0, 0], score=0.25),
    ]
    file = tmp_path / "annotations.xml"
    assert write_cvat([labels_of_boxes(tmp_path, tmp_path, images, boxes)], file) == ()
    lines = [line.strip() for line in file.read_text().splitlines()[1:]]
    assert lines == [
        "<annotations>",
        "<version>1.1</version>",
        '<image id="1" width="60" height="40" name="a.jpg" subset="val">',
        '<box label="cat &amp; co" occluded="0" xtl="1.0" ytl="2.5" xbr="4.0" ybr="6.5">',
        '<attribute name="ignore">true</attribute>',
        "</box>",
        '<box label="cat &amp; co" occluded="0" xtl="0.0" ytl="0.0" xbr="0.0" ybr="0.0">',
        '<attribute name="score">0.25</attribute>',
        "</box>",
        "</image>",
        '<image id="2" name="b/c.jpg" />',
        "</annotations>",
    ]
