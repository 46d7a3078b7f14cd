"""CVAT's own XML against numbers that can be checked by hand."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.cvat.reader import CVAT
from pipeline.formats.labels import Labels

BOX = '<box label="cat" xtl="5" ytl="6.5" xbr="20" ybr="8"/>'


def written(folder: Path, *insides: str, name: str = "annotations.xml", **known: str) -> Path:
    """Write a photo 60 x 40 with each of these shapes, adding the attributes to all."""
    extra = "".join(f' {key}="{value}"' for key, value in known.items())
    images = "".join(
        f'<image id="{k}" name="{k}.jpg" width="60" height="40"{extra}>{inside}</image>'
        for k, inside in enumerate(insides)
    )
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<annotations><version>1.1</version>{images}</annotations>")
    return file


def read(folder: Path) -> Labels:
    found = CVAT.find(folder, None)
    assert found is not None
    return CVAT.read(found)


def test_an_empty_photo_a_flat_box_and_one_with_area(tmp_path: Path) -> None:
    flat = '<box label="dog " xtl="5" ytl="5" xbr="5" ybr="8"/>'
    written(tmp_path, "", flat + BOX)
    labels = read(tmp_path)
    assert labels.images["file_name"].to_pylist() == ["0.jpg", "1.jpg"]
    assert labels.images["width"].to_pylist() == [60, 60]
    assert labels.classes == ["cat", "dog"]
    assert labels.boxes.tolist() == [[5, 5, 0, 3], [5, 6.5, 15, 1.5]]
    assert (labels.rows.tolist(), labels.labels.tolist()) == ([1, 1], [1, 0])
    assert labels.notes == ()


def test_the_subset_is_the_split(tmp_path: Path) -> None:
    written(tmp_path, BOX, subset="Validation")
    assert read(tmp_path).images["split"].to_pylist() == ["val"]


def test_a_turned_box_and_a_polygon_have_boxes_around_them(tmp_path: Path) -> None:
    turned = '<box label="cat" xtl="10" ytl="10" xbr="30" ybr="20" rotation="90"/>'
    polygon = '<polygon label="cat" points="1,2;5,9;3,0.5"/>'
    written(tmp_path, turned + polygon + '<points label="cat" points="1,2"/>')
    labels = read(tmp_path)
    assert labels.boxes.round(9).tolist() == [[15, 5, 10, 20], [1, 0.5, 4, 8.5]]
    assert labels.notes == (
        "turned boxes, read as the boxes around them: 1",
        "polygons, read as the boxes around them: 1",
        "shapes that are neither boxes nor polygons, left out: 1",
    )


def test_attributes_of_a_box(tmp_path: Path) -> None:
    def attribute(name: str, value: str) -> str:
        return BOX.replace("/>", f'><attribute name="{name}">{value}</attribute></box>')

    marked = attribute("difficult", "True") + attribute("score", "0.5") + attribute("ignore", "no")
    written(tmp_path, marked)
    labels = read(tmp_path)
    assert labels.ignore.tolist() == [True, False, False]
    assert labels.scores is not None and labels.scores[1] == 0.5
    sure = [attribute("confidence", value) for value in ("0.25", "high", "5")]
    written(tmp_path, "".join(sure))
    np.testing.assert_equal(read(tmp_path).scores, np.array([0.25, np.nan, np.nan], np.float32))
    written(tmp_path, attribute("score", "high"))
    with pytest.raises(InputError, match=r"annotations.xml: score 'high' is not a number"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotations><track/></annotations>", "holds tracks of a video; export"),
        ("<annotations/>", "holds no <image>; export"),
        ("<annotations>", "not XML"),
        ('<annotations><image name="a.jpg"/></annotations>', "no box in 1 photo; label"),
        (
            '<annotations><image name="a.jpg"><points/><ellipse/></image></annotations>',
            "what was left out: shapes that are neither boxes nor polygons, left out: 2",
        ),
        ("<annotations><image>" + BOX + "</image></annotations>", "image name '' is not a name"),
        (
            '<annotations><image name="a.jpg" width="x">' + BOX + "</image></annotations>",
            "image 'a.jpg': size is not a number",
        ),
        (
            '<annotations><image name="a.jpg"><box label="cat" xtl="1"/></image></annotations>',
            "box cat: .* lacks numbers; correct it",
        ),
        (
            '<annotations><image name="a.jpg"><polygon label="cat"/></image></annotations>',
            "polygon cat: .* lacks numbers; correct it",
        ),
        ('<annotations><image name="a.jpg"><box/></image></annotations>', "label '' is not a name"),
        (
            f'<annotations><image name="a.jpg" width="{2**31}" height="9"/></annotations>',
            "image 'a.jpg': size is too large for a photo; correct it",
        ),
    ],
)
def test_wrong_xml_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "annotations.xml").write_text(text)
    with pytest.raises(InputError, match=rf"annotations.xml: .*{message}") as caught:
        read(tmp_path)
    assert "; " in str(caught.value) and "\n" not in str(caught.value)


def test_where_it_is_found(tmp_path: Path) -> None:
    assert CVAT.find(tmp_path, None) is None
    file = written(tmp_path, BOX, name="annotations/my.XML")
    (tmp_path / "annotations/._my.xml").write_bytes(b"\0\5\x16\7")
    found = CVAT.find(tmp_path, None)
    assert found and (found.labels, found.files, found.photos) == (file, (file,), tmp_path)
    other = written(tmp_path, BOX, name="other.xml")
    found = CVAT.find(tmp_path, None)
    assert found and (found.labels, found.files) == (tmp_path, (other, file))
    with pytest.raises(
        InputError, match=r"annotations/my.XML: image '0.jpg' is in .*other.xml too"
    ):
        CVAT.read(found)
    other.write_text(other.read_text().replace("0.jpg", "1.jpg"))
    assert CVAT.read(found).rows.tolist() == [0, 1]
    other.write_text(other.read_text().replace("<image ", "<image name='1.jpg'/><image ", 1))
    with pytest.raises(InputError, match=r"other.xml: image '1.jpg' occurs twice; keep one"):
        CVAT.read(found)
    found = CVAT.find(tmp_path, other)
    assert found and found.files == (other,)
    (tmp_path / "a.xml").write_text("<annotation/>")
    assert CVAT.find(tmp_path, None) is None


def test_polygons_of_a_group_are_one_object_and_boxes_are_not(tmp_path: Path) -> None:
    grouped = BOX.replace("/>", ' group_id="1"/>')
    polygon = '<polygon label="cat" points="{}" group_id="{}"/>'
    parts = ("1,2;5,9;3,0.5", 1), ("9,9;11,9;11,12", 1), ("1,1;2,2;3,1", 0), ("1,1;2,2;3,1", 0)
    written(tmp_path, grouped * 2 + "".join(polygon.format(*part) for part in parts))
    labels = read(tmp_path)
    assert labels.boxes.tolist() == [
        [5, 6.5, 15, 1.5],
        [5, 6.5, 15, 1.5],
        [1, 0.5, 10, 11.5],
        [1, 1, 2, 1],
        [1, 1, 2, 1],
    ]
    note = "2 shapes of one class and group are parts of 1 object, in one box each"
    assert labels.notes == ("polygons, read as the boxes around them: 4", note)
