"""LabelMe's JSON against numbers that can be checked by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from pipeline.errors import InputError
from pipeline.formats.labelme.reader import read_labelme
from pipeline.formats.labels import Labels
from pipeline.formats.layout import find_set
from tests.formats.spoiled import spoiled

CAT = {"label": "cat", "points": [[30, 5.5], [10, 25]], "shape_type": "rectangle", "flags": {}}


def make(file: Path, *shapes: object, photo: str | None = None, **page: object) -> Path:
    """Write a JSON and, unless another is named, a photo next to it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = {"version": "5.5.0", "shapes": shapes, "imagePath": photo or f"{file.stem}.jpg"}
    file.write_text(json.dumps(whole | {"imageWidth": 40, "imageHeight": 30} | page))
    if photo is None:
        file.with_suffix(".jpg").touch()
    return file


def read(root: Path) -> Labels:
    found = find_set(root)
    assert found.format.name == "labelme"
    return found.format.read(found)


def shape(kind: str | None, *points: list, **more: object) -> dict:
    return {"label": "cat", "points": points, "shape_type": kind} | more


def test_a_photo_without_shapes(tmp_path: Path) -> None:
    make(tmp_path / "a.json", imageData="/9j/" * 9999)
    found = read(tmp_path)
    assert found.images.to_pylist() == [
        {"id": 1, "file_name": "a.jpg", "width": 40, "height": 30, "split": None}
    ]
    assert (found.boxes.shape, found.classes, found.notes) == ((0, 4), [], ())


@pytest.mark.parametrize(
    ("item", "box"),
    [
        (shape("rectangle", [3, 4], [3, 4]), [3, 4, 0, 0]),
        (CAT, [10, 5.5, 20, 19.5]),
        (shape("polygon", [1, 2], [5, 2], [3, 9]), [1, 2, 4, 7]),
        (shape(None, [1, 2], [5, 2], [3, 9]), [1, 2, 4, 7]),
        (shape("circle", [10, 10], [13, 14]), [5, 5, 10, 10]),
        (shape("mask", [1, 2], [3, 4]), [1, 2, 2, 2]),
        (shape("oriented_rectangle", [2, 0], [4, 2], [2, 4], [0, 2]), [0, 0, 4, 4]),
    ],
)
def test_each_shape(tmp_path: Path, item: dict, box: list) -> None:
    make(tmp_path / "a.json", item)
    found = read(tmp_path)
    assert found.boxes.tolist() == [box]
    upright = item["shape_type"] in ("rectangle", "mask")
    around = "1 polygons, circles or turned boxes count as the boxes around them"
    assert found.notes == (() if upright else (around,))


def test_shapes_of_a_group_and_label_are_one_object(tmp_path: Path) -> None:
    left = shape("polygon", [1, 2], [5, 2], [3, 9], group_id=1)
    right = shape("polygon", [9, 3], [12, 3], [12, 5], group_id=1)
    make(tmp_path / "a.json", left, CAT | {"group_id": None}, right, CAT | {"label": "dog"})
    make(tmp_path / "b.json", right)
    found = read(tmp_path)
    assert found.boxes.tolist() == [
        [1, 2, 11, 7],
        [10, 5.5, 20, 19.5],
        [10, 5.5, 20, 19.5],
        [9, 3, 3, 2],
    ]
    assert found.rows.tolist() == [0, 0, 0, 1]
    assert (
        found.notes[1] == "2 shapes of one class and group are parts of 1 object, in one box each"
    )


@pytest.mark.parametrize("group", [None, "", "0", 0, -1])
def test_what_converters_write_for_no_group_is_none(tmp_path: Path, group: object) -> None:
    make(tmp_path / "a.json", CAT | {"group_id": group}, CAT | {"group_id": group})
    assert len(read(tmp_path).boxes) == 2


def test_shapes_without_area_are_counted(tmp_path: Path) -> None:
    make(tmp_path / "a.json", shape("point", [1, 2]), shape("line", [1, 2], [3, 4]), CAT)
    (tmp_path / "b.jpg").touch()  # which the tables stage counts, whatever the format
    assert read(tmp_path).notes == ("2 shapes have no area and are left out: 1 line, 1 point",)


@pytest.mark.parametrize(
    "mark",
    [
        {"flags": {"difficult": True}},
        {"flags": None, "difficult": 1},
        {"flags": {"crowd": "True"}},
    ],
)
def test_ignore_and_scores(tmp_path: Path, mark: dict) -> None:
    make(tmp_path / "a.json", CAT | mark, CAT | {"score": 0.25})
    found = read(tmp_path)
    assert found.ignore.tolist() == [True, False]
    np.testing.assert_equal(found.scores, np.array([np.nan, 0.25], np.float32))


@pytest.mark.parametrize("value", [False, 0, "false", "0", "", None, [], {}])
def test_a_flag_that_is_not_true_is_none(tmp_path: Path, value: object) -> None:
    make(tmp_path / "a.json", CAT | {"flags": {"difficult": value}})
    assert read(tmp_path).ignore.tolist() == [False]


def test_the_stem_leads_over_a_stale_path(tmp_path: Path) -> None:
    make(tmp_path / "a.json", imagePath="old.jpg")
    make(tmp_path / "json/b.json", photo="..\\photos\\c.png")
    make(tmp_path / "json/d.json", photo="nowhere.png")
    make(tmp_path / "photos/c.json").unlink()
    (tmp_path / "photos/c.jpg").rename(tmp_path / "photos/c.png")
    names = read(tmp_path).images["file_name"].to_pylist()
    assert names == ["a.jpg", "json/nowhere.png", "photos/c.png"]


def test_folders_of_splits_and_sizes_that_are_absent(tmp_path: Path) -> None:
    make(tmp_path / "train/a.json", imageWidth=None, imageHeight=None)
    make(tmp_path / "valid/a.json")
    images = read(tmp_path).images
    assert images["split"].to_pylist() == ["train", "val"]
    assert images["width"].to_pylist() == [None, 40]


def test_one_folder_below_is_the_set_and_several_are_one(tmp_path: Path) -> None:
    make(tmp_path / "cats/a.json")
    assert find_set(tmp_path).root == tmp_path / "cats"
    make(tmp_path / "dogs/a.json")
    assert read(tmp_path).images["file_name"].to_pylist() == ["cats/a.jpg", "dogs/a.jpg"]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ({"shapes": None}, "shapes: not a list of objects; save it again in LabelMe"),
        ({"shapes": [1]}, "shapes: not a list of objects"),
        ({"imageWidth": 2**31}, "imageWidth, imageHeight: "),
        ({"imageWidth": 0}, "imageWidth, imageHeight: (0, 30) is not a size in pixels; correct it"),
        ({"imageHeight": None}, "imageWidth, imageHeight: (40, None) is not a size"),
        ({"shapes": [CAT | {"label": ""}]}, "shapes[0]: label '' is not a name; give one"),
        ({"shapes": [{"points": [[1, 2], [3, 4]]}]}, "shapes[0]: label None is not a name"),
        ({"shapes": [CAT | {"points": [[1, 2]]}]}, "(cat): a rectangle of 1 points; correct it"),
        ({"shapes": [CAT, CAT | {"points": [[1, float("nan")]]}]}, "shapes[1]: points: not a list"),
        ({"shapes": [CAT | {"points": [[1, "2"]]}]}, "shapes[0]: points: not a list of finite"),
        ({"shapes": [CAT | {"points": 3}]}, "shapes[0]: points: not a list of finite [x, y]"),
        ({"shapes": [CAT | {"score": 2}]}, "shapes[0]: score 2 is not a number from 0 to 1"),
        ({"shapes": [CAT | {"score": True}]}, "shapes[0]: score True is not a number from 0"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, page: dict, message: str) -> None:
    file = make(tmp_path / "a.json", **page)
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


def test_two_files_of_one_photo_and_files_of_none_are_refused(tmp_path: Path) -> None:
    make(tmp_path / "a.json")
    make(tmp_path / "b.json", photo="a.jpg")
    with pytest.raises(InputError, match=r"b.json: photo 'a.jpg' has .*a.json as well; keep one"):
        read(tmp_path)
    make(tmp_path / "b.json", photo="a.jpg", imagePath="")
    with pytest.raises(InputError, match=r"b.json: imagePath '' is not a name; give one"):
        read(tmp_path)
    (tmp_path / "b.json").write_text('{"shapes": [')
    with pytest.raises(InputError, match=r"b.json: line 1 column 13: not JSON"):
        read(tmp_path)


WHOLE = {
    "version": "5.5.0",
    "shapes": [CAT | {"score": 0.5}, shape("circle", [1, 2], [3, 4])],
    "imagePath": "b.jpg",
    "imageWidth": 40,
    "imageHeight": 30,
}


@settings(deadline=None)
@given(page=spoiled(WHOLE))
def test_a_spoiled_file_is_read_or_refused(one_folder: Path, page: object) -> None:
    folder = one_folder
    file = folder / "spoiled.json"
    file.write_text(json.dumps(page))
    try:
        found = read_labelme(folder, (file,))
    except InputError as error:
        assert str(error).startswith(f"{file}: ") and "\n" not in str(error)
    else:
        assert np.isfinite(found.boxes).all() and (found.boxes[:, 2:] >= 0).all()


def test_of_photos_of_one_stem_imagepath_says_which(tmp_path: Path) -> None:
    make(tmp_path / "a.json", CAT, photo="a.png")
    for name in ("a.jpg", "a.png"):
        (tmp_path / name).touch()
    assert read(tmp_path).images["file_name"].to_pylist() == ["a.png"]
    make(tmp_path / "a.json", CAT, photo="b.png")
    with pytest.raises(InputError, match=r"a.json: may be of a.jpg or of a.png; name one in image"):
        read(tmp_path)


@pytest.mark.parametrize("photo", ["a.jpg", "../pictures/a.jpg", r"C:\\set\\a.jpg", "/set/a.jpg"])
def test_labels_in_a_folder_beside_the_photos(tmp_path: Path, photo: str) -> None:
    make(tmp_path / "out/a.json", CAT, photo=photo)
    (tmp_path / "pictures").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "pictures" / name).touch()
    assert read(tmp_path).images["file_name"].to_pylist() == ["pictures/a.jpg"]


def test_labels_beside_folders_of_photos_with_one_name(tmp_path: Path) -> None:
    make(tmp_path / "out/a.json", CAT, photo="a.jpg")
    for folder in ("day1", "day2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").touch()
    assert read(tmp_path).images["file_name"].to_pylist() == ["out/a.jpg"]


@pytest.mark.parametrize(
    ("file", "image_path", "found"),
    [
        ("json/train/b", "b.jpg", "imgs/train/b.jpg"),
        ("json/train/a", "a.jpg", "json/train/a.jpg"),  # of val
        ("json/train/a", r"..\..\imgs\val\a.jpg", "imgs/val/a.jpg"),
        ("out/day1/a", "a.jpg", "imgs/val/a.jpg"),  # no folder of photos is called so
        ("out/a", "a.jpg", "imgs/val/a.jpg"),
    ],
)
def test_a_folder_of_labels_that_is_called_like_one_of_photos_is_of_its_photos(
    tmp_path: Path, file: str, image_path: str, found: str
) -> None:
    for photo in ("imgs/train/b.jpg", "imgs/val/a.jpg"):
        (tmp_path / photo).parent.mkdir(parents=True)
        (tmp_path / photo).touch()
    page = make(tmp_path / f"{file}.json", CAT, photo=image_path)
    assert read_labelme(tmp_path, (page,)).images["file_name"].to_pylist() == [found]


@pytest.mark.parametrize("places", ["images/", "", "raw/photos/"])
def test_labels_in_folders_like_those_of_the_photos(tmp_path: Path, places: str) -> None:
    for day in ("day1", "day2"):
        make(tmp_path / f"json/{day}/a.json", CAT, photo="a.jpg")
        (tmp_path / places / day).mkdir(parents=True)
        (tmp_path / places / day / "a.jpg").touch()
    names = read(tmp_path).images["file_name"].to_pylist()
    assert names == [f"{places}day1/a.jpg", f"{places}day2/a.jpg"]


@pytest.mark.parametrize("photo", ["images/day1/a.jpg", "images/a.jpg", "a.jpg"])
def test_labels_in_one_folder_of_a_folder_of_labels(tmp_path: Path, photo: str) -> None:
    make(tmp_path / "json/day1/a.json", CAT, photo="a.jpg")
    (tmp_path / photo).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / photo).touch()
    assert read(tmp_path).images["file_name"].to_pylist() == [photo]


def test_of_photos_of_one_stem_in_like_folders_imagepath_says_which(tmp_path: Path) -> None:
    file = make(tmp_path / "json/day1/a.json", CAT, photo=r"C:\set\a.png")
    for name in ("day1/a.jpg", "day1/a.png", "day2/a.png"):
        (tmp_path / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "images" / name).touch()
    assert read(tmp_path).images["file_name"].to_pylist() == ["images/day1/a.png"]
    make(file, CAT, photo="old.jpg")
    with pytest.raises(InputError, match=r"a.json: may be of \S+a.jpg or of \S+a.png; name one in"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["", '{"version": "5.5.0", "flags"'])
@pytest.mark.parametrize("place", ["", "labels"])
def test_a_damaged_file_among_the_labels_is_named(tmp_path: Path, text: str, place: str) -> None:
    for name in "ab":
        (tmp_path / f"{name}.jpg").touch()
        make(tmp_path / place / f"{name}.json", photo=f"{name}.jpg")
    (tmp_path / place / "b.json").write_text(text)
    with pytest.raises(InputError, match=r"b.json: line 1 column .* not JSON .*; export it again"):
        read(tmp_path)


def test_shapes_may_come_after_long_flags(tmp_path: Path) -> None:
    flags = {f"flag {number}": False for number in range(500)}
    for name in "ab":
        file = make(tmp_path / f"{name}.json")
        file.write_text(json.dumps({"flags": flags} | json.loads(file.read_text())))
    assert read(tmp_path).images["file_name"].to_pylist() == ["a.jpg", "b.jpg"]
