"""VOC XML against numbers that can be checked by hand, and against real sets."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.formats.voc.reader import VOC, corners_to_xywh
from tests.data.making import CAT, SIZE, voc

# A person's parts have names and boxes of their own, which are no objects.
MAN = (
    "<object><name>man</name><bndbox><xmax>9.5</xmax><xmin>2.25</xmin><ymax>8</ymax><ymin>3</ymin>"
    "</bndbox><part><name>head</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>4</xmax>"
    "<ymax>4</ymax></bndbox></part></object>"
)


def read(folder: Path) -> Labels:
    found = VOC.find(folder, None)
    assert found is not None
    return VOC.read(found)


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ([504, 337, 504, 337], [503, 336, 0, 0]),  # a click without a drag: no area
        ([5, 1, 5, 9], [4, 0, 0, 9]),
        ([9, 1, 5, 9], [4, 0, 5, 9]),  # reversed
        ([5, 1, 4, 9], [4, 0, 0, 9]),  # of no width, by the rule
        ([5, 1, 4.25, 9], [4, 0, 0, 9]),
        ([1, 1, 2, 2], [0, 0, 2, 2]),
        ([1, 1, 500, 375], [0, 0, 500, 375]),  # the whole of a photo of 500 x 375
        ([156, 97, 351, 270], [155, 96, 196, 174]),  # 000012 of VOC 2007
    ],
)
def test_corners(corners: list, box: list) -> None:
    assert corners_to_xywh(np.array([corners]))[0].tolist() == [box]


def test_no_corners() -> None:
    assert corners_to_xywh(np.empty((0, 4)))[0].shape == (0, 4)


def test_a_folder_by_columns(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"b": SIZE + MAN + CAT, "a": SIZE})
    labels = read(folder)
    assert (labels.file, labels.photos) == (folder / "Annotations", folder / "JPEGImages")
    assert labels.images.to_pylist() == [
        {"id": 1, "file_name": "a.jpg", "width": 20, "height": 10, "split": None},
        {"id": 2, "file_name": "b.jpg", "width": 20, "height": 10, "split": None},
    ]
    assert labels.classes == ["cat", "man"]
    assert labels.boxes.tolist() == [[1.25, 2, 8.25, 6], [0, 1, 4, 5]]
    assert (labels.ids.tolist(), labels.rows.tolist()) == ([1, 2], [1, 1])
    assert (labels.labels.tolist(), labels.ignore.tolist()) == ([1, 0], [False, True])


def test_without_a_size_the_image_has_none(tmp_path: Path) -> None:
    zero = SIZE.replace("20", "0")
    images = read(voc(tmp_path, {"a": CAT, "b": zero})).images
    assert images["width"].to_pylist() == images["height"].to_pylist() == [None, None]


def test_ids_are_the_numbers_of_the_stems(tmp_path: Path) -> None:
    labels = read(voc(tmp_path, {"000012": SIZE + CAT, "2007_000027": SIZE}))
    assert labels.images["id"].to_pylist() == [12, 2007000027]
    assert labels.rows.tolist() == [0]


def test_stems_that_collide_as_numbers_are_counted(tmp_path: Path) -> None:
    labels = read(voc(tmp_path, {"12": SIZE + CAT, "012": SIZE}))
    assert labels.images["id"].to_pylist() == [1, 2]


def test_lists_give_the_splits_and_leave_out_the_rest(tmp_path: Path) -> None:
    files = dict.fromkeys(("a", "b", "c", "d"), SIZE + CAT)
    folder = voc(tmp_path, files, train="c\n", val="a\n", trainval="a\nc\n", test="d\n")
    images = read(folder).images
    assert images["file_name"].to_pylist() == ["a.jpg", "c.jpg", "d.jpg"]
    assert images["split"].to_pylist() == ["val", "train", "test"]


def test_the_stem_leads_over_a_stale_file_name(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": "<filename>old.jpg</filename>" + SIZE + CAT})
    assert read(folder).images["file_name"].to_pylist()[0] == "a.jpg"
    (folder / "JPEGImages/a.jpg").rename(folder / "JPEGImages/old.jpg")
    assert read(folder).images["file_name"].to_pylist()[0] == "old.jpg"


def test_files_beside_the_photos_are_no_photos(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": SIZE + CAT, "b": SIZE})
    (folder / "JPEGImages/b.jpg").rename(folder / "JPEGImages/b.PNG")
    for name in ("a.txt", "a.json", "a", "b.xml"):
        (folder / "JPEGImages" / name).touch()
    assert read(folder).images["file_name"].to_pylist() == ["a.jpg", "b.PNG"]


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<object>", "a.xml: not XML"),
        (SIZE.replace("20", str(2**31)), "a.xml: size: ('2147483648', '10') is not valid"),
        (SIZE.replace("20", "wide"), "a.xml: size: ('wide', '10') is not valid"),
        (SIZE + CAT.replace("cat", " "), "a.xml: object: has no name"),
        (SIZE + CAT.replace("cat", "big\n cat"), r"object: name 'big\n cat' holds a control chara"),
        (SIZE + CAT.replace("bndbox>", "robndbox>"), "a.xml: object cat: has no bndbox; add it or"),
        (SIZE + CAT.replace("<xmin>1</xmin>", ""), "a.xml: object cat: bndbox [None, '2', '4'"),
        (SIZE + CAT.replace("<xmin>1<", "<xmin>one<"), "a.xml: object cat: bndbox ['one'"),
        (SIZE + CAT.replace("<bndbox>", "<bndbox/><bndbox>"), "object cat: <bndbox> occurs 2 t"),
        (SIZE + CAT.replace("<xmin>", "<xmin>9</xmin><xmin>"), "cat: <xmin> occurs 2 times"),
        (SIZE + CAT.replace("<name>", "<name>dog</name><name>"), "object: <name> occurs 2 times"),
        (SIZE + CAT.replace("t>1<", "t>maybe<"), "a.xml: object cat: difficult 'maybe' is neither"),
        (SIZE + CAT.replace("<xmin>1<", "<xmin>nan<"), "a.xml: object cat: bndbox ['nan'"),
        (SIZE, "Annotations: no object in 1 file; label objects"),
    ],
)
def test_wrong_xml_is_named(tmp_path: Path, inside: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(voc(tmp_path, {"a": inside}))
    assert message in str(caught.value)
    assert "; " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["GBK", "utf-eight", "UTF-16"])
def test_xml_in_an_encoding_that_cannot_be_read_is_named(tmp_path: Path, encoding: str) -> None:
    folder = voc(tmp_path, {"a": SIZE})
    text = f'<?xml version="1.0" encoding="{encoding}"?><annotation>{SIZE}</annotation>'
    (folder / "Annotations/a.xml").write_text(text)
    with pytest.raises(
        InputError, match=r"a.xml: not XML \(.*\); export it again in UTF-8"
    ) as error:
        read(folder)
    assert "\n" not in str(error.value)


def test_a_listed_photo_without_xml_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b.xml: is listed in ImageSets/Main but absent"):
        read(voc(tmp_path, {"a": SIZE}, train="a\nb\n"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("x/..", "a.xml: filename 'x/..' names no file"), ("b.jpg", "b.xml: filename 'b.jpg' occurs")],
)
def test_a_file_name_that_cannot_be_is_refused(tmp_path: Path, name: str, message: str) -> None:
    folder = voc(tmp_path, {"a": f"<filename>{name}</filename>" + SIZE + CAT, "b": SIZE})
    (folder / "JPEGImages/a.jpg").unlink()
    with pytest.raises(InputError) as caught:
        read(folder)
    assert message in str(caught.value)


def test_a_folder_without_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Annotations: holds no \*.xml"):
        read(voc(tmp_path, {}))


def test_blood_cells(shared) -> None:
    labels = read(shared("bccd") / "BCCD")
    assert (len(labels.images), len(labels.ids)) == (364, 4888)
    assert labels.classes == ["Platelets", "RBC", "WBC"]
    empty = np.flatnonzero((labels.boxes[:, 2:] == 0).any(1))
    names = [labels.images["file_name"][int(row)].as_py() for row in labels.rows[empty]]
    assert names == ["BloodImage_00338.jpg", "BloodImage_00343.jpg"]
    assert labels.boxes[empty].tolist() == [[503, 336, 0, 0], [180, 328, 0, 0]]


def boxed(*corners: float, name: str = "cat", difficult: str = "0") -> str:
    """Return an object with xmin, ymin, xmax and ymax."""
    sides = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    inside = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    return (
        f"<object><name>{name}</name><difficult>{difficult}</difficult>"
        f"<bndbox>{inside}</bndbox></object>"
    )


def test_reversed_corners_are_put_in_order_and_noted(tmp_path: Path) -> None:
    inside = SIZE + boxed(9, 2, 4, 6) + boxed(4, 6, 9, 2) + boxed(4, 2, 9, 6)
    labels = read(voc(tmp_path, {"a": inside}))
    assert labels.boxes.tolist() == [[3, 1, 6, 5]] * 3
    assert labels.notes == ("boxes with corners in reversed order, read the right way round: 2",)


def test_shares_begin_at_0(tmp_path: Path) -> None:
    labels = read(voc(tmp_path, {"a": SIZE + boxed(0.25, 0.5, 0.75, 1)}))
    assert labels.boxes.tolist() == [[0.25, 0.5, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("text", "ignore"),
    [
        *[(text, False) for text in ("0", "", "false", "No", "n", "Unspecified")],
        *[(text, True) for text in ("1", "true", " True ", "TRUE", "Yes", "y")],
    ],
)
def test_difficult_in_any_spelling(tmp_path: Path, text: str, ignore: bool) -> None:
    inside = SIZE + boxed(1, 1, 4, 4, name=" cat ", difficult=text)
    labels = read(voc(tmp_path, {"a": inside}))
    assert (labels.ignore.tolist(), labels.classes) == ([ignore], ["cat"])


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_xml_in_subfolders_with_the_photos_in_the_same(tmp_path: Path) -> None:
    for name in ("a", "day1/c", "day2/c"):
        write(tmp_path / f"Annotations/{name}.XML", f"<annotation>{SIZE}{CAT}</annotation>")
        write(tmp_path / f"JPEGImages/{name}.jpg")
    names = ["a.jpg", "day1/c.jpg", "day2/c.jpg"]
    assert read(tmp_path).images["file_name"].to_pylist() == names
    write(tmp_path / "ImageSets/Main/train.txt", "day1/c\na\n")
    labels = read(tmp_path)
    assert labels.images["file_name"].to_pylist() == names[:2]
    assert labels.notes == ("XML files in no list of ImageSets/Main, left out: 1",)


def test_a_list_may_name_xml_in_a_subfolder_by_its_stem(tmp_path: Path) -> None:
    write(tmp_path / "Annotations/day1/c.xml", f"<annotation>{SIZE}{CAT}</annotation>")
    write(tmp_path / "JPEGImages/day1/c.jpg")
    write(tmp_path / "ImageSets/Main/train.txt", "c\n")
    assert read(tmp_path).images["split"].to_pylist() == ["train"]


def test_lists_may_name_the_photos_themselves(tmp_path: Path) -> None:
    lists = {"train": "a.jpg\n", "val": "JPEGImages/b\n"}
    images = read(voc(tmp_path, {"a": SIZE + CAT, "b": SIZE}, **lists)).images
    assert images["file_name"].to_pylist() == ["a.jpg", "b.jpg"]
    assert images["split"].to_pylist() == ["train", "val"]


@pytest.mark.parametrize("inner", [("", ""), ("annotations/", "images/")])
def test_folders_of_splits_give_the_split(tmp_path: Path, inner: tuple[str, str]) -> None:
    for split in ("test", "train", "valid"):
        xml, photo = (f"{split}/{kind}{split}" for kind in inner)
        write(tmp_path / f"{xml}.xml", f"<annotation>{SIZE}{CAT}</annotation>")
        write(tmp_path / f"{photo}.jpg")
    images = read(tmp_path).images
    assert images["split"].to_pylist() == ["test", "train", "val"]
    assert images["file_name"][2].as_py() == f"valid/{inner[1]}valid.jpg"


def test_of_two_photos_of_one_stem_the_xml_names_its_own(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": "<filename>x/a.PNG</filename>" + SIZE + CAT})
    write(folder / "JPEGImages/a.png")
    assert read(folder).images["file_name"].to_pylist() == ["a.png"]
    write(folder / "Annotations/a.xml", f"<annotation>{SIZE}{CAT}</annotation>")
    with pytest.raises(InputError, match=r"a.xml: may be of .*a.jpg or of .*a.png; name one"):
        read(folder)


def test_a_namespace_makes_no_difference(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": SIZE})
    write(folder / "Annotations/a.xml", f'<annotation xmlns="urn:x">{SIZE}{CAT}</annotation>')
    labels = read(folder)
    assert (labels.boxes.tolist(), labels.images["width"].to_pylist()) == ([[0, 1, 4, 5]], [20])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotations><image/></annotations>", "begins with <annotations>, not <annotation>; "),
        (f"<data><annotation>{CAT}</annotation></data>", "begins with <data>, not"),
        (f"<annotation><objects>{CAT}</objects></annotation>", "<object> is not in its place; "),
        ("<annotation><bndbox/></annotation>", "<bndbox> is not in its place; "),
        (f"<Annotation>{CAT}</Annotation>", "begins with <Annotation>, not"),
    ],
)
def test_xml_of_another_kind_is_no_photo_without_objects(
    tmp_path: Path, text: str, message: str
) -> None:
    folder = voc(tmp_path, {"a": SIZE, "b": SIZE + CAT})
    write(folder / "Annotations/a.xml", text)
    with pytest.raises(InputError, match=rf"Annotations/a.xml: {message}"):
        read(folder)


def test_what_a_mac_leaves_is_passed_over(tmp_path: Path) -> None:
    folder = voc(tmp_path, {"a": SIZE + CAT})
    for name in ("Annotations/._a.xml", "JPEGImages/._a.jpg", "Annotations/.DS_Store"):
        write(folder / name, "\0\5\x16\7")
    assert read(folder).images["file_name"].to_pylist() == ["a.jpg"]


def test_of_a_box_that_cvat_has_turned_the_one_around_it_is_taken(tmp_path: Path) -> None:
    corners = "<xmin>11</xmin><ymin>11</ymin><xmax>30</xmax><ymax>20</ymax>"
    marks = "".join(
        f"<attribute><name>{name}</name><value>{value}</value></attribute>"
        for name, value in (("occluded", "False"), ("rotation", "90.0"))
    )
    box = f"<bndbox>{corners}</bndbox><attributes>{marks}</attributes>"
    turned = f"<object><name>cat</name>{box}</object>"
    labels = read(voc(tmp_path, {"a": SIZE + CAT + turned}))
    np.testing.assert_allclose(labels.boxes, [[0, 1, 4, 5], [15, 5, 10, 20]])
    assert labels.notes == ("turned boxes, read as the boxes around them: 1",)
