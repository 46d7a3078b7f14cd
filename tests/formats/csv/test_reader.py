"""Sets of CSV: which are found, and boxes that can be checked by hand."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.formats.layout import find_set
from pipeline.tables.photos import with_photos
from tests.data.making import files_in

CORNERS = "file_name,class,xmin,ymin,xmax,ymax\n"


def read(root: Path, labels: str = "") -> Labels:
    found = find_set(root, labels=labels)
    assert found.format.name == "csv"
    return found.format.read(found)


def test_a_set_by_columns(tmp_path: Path) -> None:
    text = CORNERS + "b.bmp,dog,1,2,4,6\na.bmp,,,,,\nb.bmp,cat,0,0,0,0\n"
    found = read(files_in(tmp_path, {"labels.csv": text, "a.bmp": None, "photos/b.bmp": None}))
    assert found.images.to_pylist() == [
        {"id": 1, "file_name": "a.bmp", "width": None, "height": None, "split": None},
        {"id": 2, "file_name": "photos/b.bmp", "width": None, "height": None, "split": None},
    ]
    assert found.boxes.tolist() == [[1, 2, 3, 4], [0, 0, 0, 0]]
    assert (found.rows.tolist(), found.labels.tolist()) == ([1, 1], [1, 0])
    assert (found.classes, found.scores, found.notes) == (["cat", "dog"], None, ())


def test_shares_as_open_images_has_them(tmp_path: Path) -> None:
    text = (
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsGroupOf\n"
        "0001,xclick,/m/01g317,1,0.25,0.75,0,0.5,0\n0001,xclick,/m/0bt9lr,1,0,1,0,1,1\n"
    )
    found = read(files_in(tmp_path, {"boxes.csv": text, "train/0001.bmp": None}))
    assert found.boxes.tolist() == [[0.25, 0, 0.5, 0.5], [0, 0, 1, 1]]
    assert found.shares is not None and found.shares.all()
    assert found.images["file_name"].to_pylist() == ["train/0001.bmp"]
    assert found.images["width"].to_pylist() == [None]
    assert found.ignore.tolist() == [False, True]
    assert found.notes == ("boxes.csv: boxes are taken for shares, as no number is above 1",)


@pytest.mark.parametrize("folder", [r"C:\photos\\", "/home/eve/photos/", "../photos/"])
def test_a_path_of_another_machine_may_be_in_other_letters(tmp_path: Path, folder: str) -> None:
    text = f"{CORNERS}{folder}A.BMP,cat,1,2,4,6\n"
    found = read(files_in(tmp_path, {"labels.csv": text, "photos/a.bmp": None}))
    assert with_photos(found, tmp_path).images["photo"].to_pylist() == ["photos/a.bmp"]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["1", "1.0", "2.", "03"], ["03", "1", "2"]),
        (["1.5", "2.0", "2"], ["1.5", "2", "2.0"]),
        (["v1.0", "2.0"], ["2.0", "v1.0"]),
    ],
)
def test_whole_numbers_as_classes_need_no_point(
    tmp_path: Path, names: list[str], classes: list[str]
) -> None:
    rows = (f"a.bmp,{name},1,2,4,6\n" for name in names)
    files = {"labels.csv": CORNERS + "a.bmp,,,,,\n" + "".join(rows), "a.bmp": None}
    assert read(files_in(tmp_path, files)).classes == classes


@pytest.mark.parametrize(
    ("header", "box"), [("xmin,ymin,xmax,ymax", "4,6,1,2"), ("x,y,w,h", "4,6,-3,-4")]
)
def test_reversed_corners_are_put_in_order_and_noted(tmp_path: Path, header: str, box: str) -> None:
    files = {"labels.csv": f"file_name,class,{header}\na.bmp,cat,{box}\n", "a.bmp": None}
    found = read(files_in(tmp_path, files))
    assert found.boxes.tolist() == [[1, 2, 3, 4]]
    assert "boxes with corners in reversed order, read the right way round: 1" in found.notes


@pytest.mark.parametrize("name", ["LABELS.CSV", "labels/A.Csv"])
def test_the_suffix_may_be_in_capitals(tmp_path: Path, name: str) -> None:
    assert read(files_in(tmp_path, {name: CORNERS + "a.bmp,cat,1,2,4,6\n", "a.bmp": None})).classes


def test_whole_numbers_are_the_same_classes_in_all_files(tmp_path: Path) -> None:
    files = {
        "train.csv": CORNERS + "a.bmp,1,1,2,4,6\n",
        "val.csv": CORNERS + "b.bmp,1.0,1,2,4,6\nc.bmp,,,,,\n",
    }
    assert read(files_in(tmp_path, files)).classes == ["1"]


def test_rows_without_a_header(tmp_path: Path) -> None:
    text = "/home/eve/photos/a.bmp,1,2,4,6,cat\n/home/eve/photos/b.bmp,,,,,\n"
    files = {"annotations.csv": text, "classes.csv": "cat,0\n", "photos/a.bmp": None}
    found = read(files_in(tmp_path, files | {"photos/b.bmp": None}))
    assert found.images["file_name"].to_pylist() == ["photos/a.bmp", "photos/b.bmp"]
    assert found.boxes.tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("train_labels.csv", "test_labels.csv"),
        ("train.csv", "validation.csv"),
        ("train/_annotations.csv", "valid/_annotations.csv"),
        ("labels_train.csv", "labels_val2017.csv"),
        ("oidv6-train-annotations-bbox.csv", "validation-annotations-bbox.csv"),
    ],
)
def test_a_file_of_each_split(tmp_path: Path, first: str, second: str) -> None:
    row = CORNERS + "{}.bmp,cat,1,2,4,6\n"
    found = read(files_in(tmp_path, {first: row.format("a"), second: row.format("b")}))
    places = [name.rpartition("/")[0] for name in (first, second)]
    assert found.images["file_name"].to_pylist() == [
        f"{place}/{photo}".lstrip("/")
        for place, photo in zip(places, ("a.bmp", "b.bmp"), strict=True)
    ]
    assert found.images["split"].to_pylist() == ["train", "test" if "test" in second else "val"]


def test_the_name_of_the_set_says_no_split(tmp_path: Path) -> None:
    files = {"labels.csv": CORNERS + "a.bmp,cat,1,2,4,6\n", "a.bmp": None}
    images = read(files_in(tmp_path / "test", files)).images
    assert images["split"].to_pylist() == [None]


def test_a_column_gives_the_split_whatever_the_file_is_called(tmp_path: Path) -> None:
    text = "file_name,class,bbox,subset\na.bmp,cat,,Validation\nb.bmp,,,fold 3\nc.bmp,,,\n"
    images = read(files_in(tmp_path, {"train.csv": text})).images
    assert images["split"].to_pylist() == ["val", "fold 3", "train"]


def test_one_of_several_files_is_named(tmp_path: Path) -> None:
    rows = CORNERS + "a.bmp,cat,1,2,4,6\n"
    files_in(
        tmp_path, {"a.csv": rows, "b.csv": rows.replace("cat", "dog"), "other.csv": "x,y\n1,2\n"}
    )
    with pytest.raises(InputError, match=r"2 CSV files \(a.csv, b.csv\); set fetch.labels to one"):
        find_set(tmp_path)
    assert read(tmp_path, "b.csv").classes == ["dog"]
    with pytest.raises(InputError, match=r"other.csv: no column for the photo among x, y; name"):
        read(tmp_path, "other.csv")


def test_a_set_in_another_encoding_is_named_and_not_passed_over(tmp_path: Path) -> None:
    files_in(tmp_path, {"train.csv": CORNERS + "a.bmp,cat,1,2,4,6\n", "a.bmp": None})
    (tmp_path / "val.csv").write_text(CORNERS + "b.bmp,cat,1,2,4,6\n", encoding="utf-16")
    with pytest.raises(InputError, match=r"val.csv: not text in UTF-8; save it as UTF-8"):
        read(tmp_path)


def test_other_csv_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sales.csv: no column for the photo among name, price;"):
        find_set(files_in(tmp_path, {"sales.csv": "name,price\ncat,3\n"}))


def test_a_centre_for_a_corner_is_refused(tmp_path: Path) -> None:
    text = "file_name,class,x,y,w,h\na.bmp,cat,{},50,120,100\n"
    files_in(tmp_path, {"a.bmp": None, "labels.csv": text.format(140)})
    with pytest.raises(InputError, match=r"row 2: the box leaves its photo if x,y is its corner"):
        read(tmp_path)
    files_in(tmp_path, {"labels.csv": text.format(195)})  # leaves it whichever it is
    assert read(tmp_path).boxes.tolist() == [[195, 50, 120, 100]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CORNERS + "b/..,cat,1,2,3,4\n", "row 2: photo 'b/..' names no file; give the name"),
        (
            "file,class,bbox,width,height\na.bmp,,,9,9\na.bmp,,,9,8\n",
            "row 3: size or split of photo 'a.bmp' is not as in row 2; give the same in all",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(files_in(tmp_path, {"labels.csv": text, "a.bmp": None}))
    assert message in str(caught.value)


def test_csv_in_the_folder_and_in_those_of_splits_is_refused(tmp_path: Path) -> None:
    text = "image,class,xmin,ymin,xmax,ymax\na.jpg,cat,0,0,5,5\n"
    for name in ("labels.csv", "train/_annotations.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(
        InputError, match=r"2 CSV files \(labels.csv, train/_annotations.csv\); set"
    ):
        find_set(tmp_path)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cam1/a.bmp", "cam2/a.bmp"),
        ("/home/eve/cam1/a.bmp", "/home/eve/cam2/a.bmp"),
        (r"C:\cam1\a.bmp", r"C:\cam2\a.bmp"),
        ("a.bmp", "a"),
    ],
)
def test_two_photos_are_not_taken_for_one(tmp_path: Path, first: str, second: str) -> None:
    text = f"{CORNERS}{first},cat,1,2,4,6\n{second},dog,5,6,9,9\n"
    with pytest.raises(InputError) as caught:
        read(files_in(tmp_path, {"labels.csv": text, "photos/a.bmp": None}))
    assert str(caught.value) == (
        f"{tmp_path / 'labels.csv'}: row 3: {second!r} and {first!r} in row 2 are both "
        f"{tmp_path / 'photos/a.bmp'}; keep one"
    )


def test_strokes_of_windows_make_no_other_photo(tmp_path: Path) -> None:
    text = CORNERS + "cats/a.bmp,cat,1,2,4,6\n.\\cats\\a.bmp,cat,5,6,9,9\n"
    found = read(files_in(tmp_path, {"labels.csv": text, "cats/a.bmp": None}))
    assert found.images["file_name"].to_pylist() == ["cats/a.bmp"]
    assert found.boxes.tolist() == [[1, 2, 3, 4], [5, 6, 4, 3]]


def test_the_photo_of_a_file_of_a_split_is_in_the_folder_of_that_split(tmp_path: Path) -> None:
    files = {
        "train.csv": CORNERS + "a.bmp,cat,1,2,4,6\n",
        "val.csv": CORNERS + "a.bmp,dog,5,6,9,9\nb.bmp,dog,1,2,4,6\n",
    }
    photos = dict.fromkeys(("train/a.bmp", "train/b.bmp", "val/images/a.bmp"))
    images = read(files_in(tmp_path, files | photos)).images
    assert images["file_name"].to_pylist() == ["train/a.bmp", "val/b.bmp", "val/images/a.bmp"]
    assert images["split"].to_pylist() == ["train", "val", "val"]


def test_photos_of_one_folder_that_files_split(tmp_path: Path) -> None:
    row = CORNERS + "{}.bmp,cat,1,2,4,6\n"
    files = {"train.csv": row.format("a"), "val.csv": row.format("b")}
    images = read(files_in(tmp_path, files | {"train/a.bmp": None, "train/b.bmp": None})).images
    assert images["file_name"].to_pylist() == ["train/a.bmp", "train/b.bmp"]
    assert images["split"].to_pylist() == ["train", "val"]


def test_a_row_that_contradicts_one_of_another_file_names_that_file(tmp_path: Path) -> None:
    row = CORNERS + "a.bmp,cat,1,2,4,6\n"
    files = {"train.csv": row, "val.csv": row, "photos/a.bmp": None}
    with pytest.raises(InputError, match=r"val.csv: row 2: size .* as in \S*/train.csv: row 2; "):
        read(files_in(tmp_path, files))


UNKNOWN = "filename,class,x_min_px,y_min_px,x_max_px,y_max_px\nb.bmp,cat,1,2,4,6\n"


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("val.csv", UNKNOWN, "no column for the box among filename, class, x_min_px"),
        ("valid/labels.csv", UNKNOWN, "no column for the box among filename, class, x_min_px"),
        ("val.csv", "img/b,1,1,20,20,cat\n", "no column for the photo among img/b, 1"),
    ],
)
def test_a_split_in_unknown_columns_is_refused(
    tmp_path: Path, name: str, text: str, fault: str
) -> None:
    files_in(tmp_path, {"train.csv": CORNERS + "a.bmp,cat,1,2,4,6\n", name: text})
    with pytest.raises(InputError) as caught:
        find_set(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / name}: {fault}")
    assert str(caught.value).endswith("; or remove it if it holds no labels")


def test_other_csv_beside_the_files_of_splits_is_left(tmp_path: Path) -> None:
    files = {
        "train.csv": CORNERS + "a.bmp,cat,1,2,4,6\n",
        "train_log.csv": "epoch,loss\n1,.5\n",
        "sizes.csv": "class,mean\ncat,3\n",
        "test.csv": "id,file_name,width,height\n1,b.bmp,9,9\n",
        "test_ids.csv": "ImageID,PredictionString\nb.bmp,\n",
        "val_people.csv": "filename,patient_age\nb.bmp,40\n",
        "test_results.csv": "epoch,loss\n1,.5\n",
        "valid.csv": "",
    }
    found = find_set(files_in(tmp_path, files))
    assert found.files == (tmp_path / "train.csv",)
    (tmp_path / "train.csv").rename(tmp_path / "labels.csv")
    files_in(tmp_path, {"test_results.csv": "epoch,loss\n1,.5\n"})
    assert find_set(tmp_path).files == (tmp_path / "labels.csv",)


@pytest.mark.parametrize("folder", ["labels", "annotations", "Label", "csv"])
@pytest.mark.parametrize("photo", ["a.bmp", "images/a.bmp", "../images/a.bmp"])
def test_a_file_in_a_folder_of_labels_beside_the_photos(
    tmp_path: Path, folder: str, photo: str
) -> None:
    text = f"{CORNERS}{photo},cat,1,2,4,6\nday1/b.bmp,dog,1,2,4,6\n"
    photos = dict.fromkeys(("images/a.bmp", "images/day1/b.bmp", "images/day2/b.bmp"))
    labels = read(files_in(tmp_path, {f"{folder}/boxes.csv": text, **photos}))
    found = with_photos(labels, tmp_path).images["photo"].to_pylist()
    assert sorted(found) == ["images/a.bmp", "images/day1/b.bmp"]


@pytest.mark.parametrize("names", [("train", "val"), ("train/boxes", "valid/boxes")])
def test_files_of_splits_in_a_folder_of_labels(tmp_path: Path, names: tuple[str, str]) -> None:
    row = CORNERS + "a.bmp,cat,1,2,4,6\n"
    files = {f"labels/{name}.csv": row for name in names}
    photos = dict.fromkeys(("images/train/a.bmp", "images/val/a.bmp"))
    images = read(files_in(tmp_path, files | photos)).images
    assert images["file_name"].to_pylist() == ["images/train/a.bmp", "images/val/a.bmp"]
    assert images["split"].to_pylist() == ["train", "val"]


def test_several_files_in_a_folder_of_labels_and_unknown_ones_are_named(tmp_path: Path) -> None:
    row = CORNERS + "a.bmp,cat,1,2,4,6\n"
    files_in(tmp_path, {"labels/a.csv": row, "labels/b.csv": row, "images/a.bmp": None})
    message = r"2 CSV files \(labels/a.csv, labels/b.csv\); set fetch.labels to one"
    with pytest.raises(InputError, match=message):
        find_set(tmp_path)
    assert read(tmp_path, "labels/b.csv").images["file_name"].to_pylist() == ["images/a.bmp"]
    files_in(tmp_path, {"labels/b.csv": "name,price\ncat,3\n"})  # statistics
    assert find_set(tmp_path).files == (tmp_path / "labels/a.csv",)


def test_files_beside_the_photos_come_before_those_in_folders_of_labels(tmp_path: Path) -> None:
    row = CORNERS + "a.bmp,cat,1,2,4,6\n"
    files_in(tmp_path, {"labels.csv": row, "annotations/old.csv": row, "images/a.bmp": None})
    assert find_set(tmp_path).files == (tmp_path / "labels.csv",)
