"""Rows of a CSV, and errors in them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.formats.csv.rows import Row, boxes_of, columns_of, read_rows

HEADER = "file,class,x1,y1,x2,y2,width,height,split,score,ignore\n"


def read(folder: Path, text: str) -> list[Row]:
    (folder / "a.csv").write_text(text)
    return read_rows(folder / "a.csv")[0]


def test_a_photo_without_objects_and_a_box_without_area(tmp_path: Path) -> None:
    first, second = read(tmp_path, HEADER + "a.jpg,,,,,,,,,,\nb.jpg,cat,1,2,1,2,,,,,\n")
    assert (first.box, first.size, first.split, first.score) == (None, None, None, None)
    assert (second.box, second.ignore) == ((1, 2, 0, 0), False)
    assert list(boxes_of([first, second])) == [(1, 2, 1, 2)]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_line_of_excel_that_tells_what_parts_the_cells(tmp_path: Path, delimiter: str) -> None:
    text = "sep=;\nimage;label;x1;y1;x2;y2\na.jpg;cat;1;2;3;4\n"
    (tmp_path / "a.csv").write_text(text.replace(";", delimiter))
    (row,), _, _ = read_rows(tmp_path / "a.csv")
    assert (row.photo, row.name, row.box) == ("a.jpg", "cat", (1, 2, 2, 2))
    assert row.place.endswith("a.csv: row 3")


def test_a_whole_row(tmp_path: Path) -> None:
    (row,) = read(tmp_path, HEADER + "a.jpg,cat,1.5,2,4,6,40,30,val,0.25,True\n")
    place = f"{tmp_path / 'a.csv'}: row 2"
    assert row == Row(place, "a.jpg", "cat", (1.5, 2, 2.5, 4), (40, 30), "val", 0.25, True)


@pytest.mark.parametrize(
    "text",
    [
        "a.jpg,1,2,4,6,cat\n",
        "image;label;x1;y1;x2;y2\na.jpg;cat;1;2;4;6\n",
        "image\tlabel\tx1\ty1\tx2\ty2\r\na.jpg\tcat\t1\t2\t4\t6\r\n",
        'image_id,bbox,label\na.jpg,"[1, 2.0, 3, 4]",cat\n',
        '"image_id", "bbox", "label"\n"a.jpg", "[1, 2.0, 3, 4]", "cat"\n',
        "image,label,x1,y1,x2,y2\na.jpg,cat,1,2,4,6\n,,,,,\n,,\n",
        "\ufeffimage, label, x, y, w, h\na.jpg, cat, 1, 2, 3, 4\n",
    ],
)
def test_the_same_box_in_other_writings(tmp_path: Path, text: str) -> None:
    (row,) = read(tmp_path, text)
    assert (row.photo, row.name, row.box) == ("a.jpg", "cat", (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",cat,1,2,3,4,,,,,", "names no photo; add it or remove the row"),
        ("a.jpg,,1,2,3,4,,,,,", "a box without a class; add its name or remove the row"),
        ('a.jpg,"big\ncat",1,2,3,4,,,,,', r"class 'big\ncat' holds a control character, which XML"),
        ("a.jpg,cat,1,2,3,,,,,,", "box ['1', '2', '3', ''] is not four numbers; correct or empty"),
        ("a.jpg,cat,1,2,x,4,,,,,", "box 'x' is not a finite number; correct it"),
        ("a.jpg,cat,1,2,nan,4,,,,,", "box 'nan' is not a finite number"),
        ("a.jpg,cat,1,2,inf,4,,,,,", "box 'inf' is not a finite number"),
        ("a.jpg,cat,1,2,3,4,40,,,,", "size of the photo '' is not a finite number"),
        ("a.jpg,cat,1,2,3,4,40,0,,,", "size of the photo ('40', '0') is not valid; correct it"),
        ("a.jpg,cat,1,2,3,4,,,,2,", "score 2.0 is not a number from 0 to 1; correct it"),
        ("a.jpg,cat,1,2,3,4,,,,,maybe", "'maybe' is neither 0 nor 1; correct it"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, HEADER + "a.jpg,cat,1,2,3,4,,,,,\n" + row + "\n")
    assert str(caught.value).startswith(f"{tmp_path / 'a.csv'}: row 3: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no column for the photo among a, b; name the columns file_name or image"),
        (HEADER, "no rows; add the photos and their boxes"),
        (HEADER + "a.jpg,cat\n", "row 2: has 2 cells, not 11; correct it"),
        (HEADER + '\n\na.jpg,"cat,1\n', "row 4: not CSV (unexpected end of data); correct it"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_another_encoding_is_known_and_named(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text("image,class,bbox,größe\na.jpg,bär,,\n", encoding=encoding)
    assert columns_of(file)[0] is not None
    with pytest.raises(InputError, match=r"a.csv: not text in UTF-8; save it as UTF-8$"):
        read_rows(file)


def test_rows_have_the_numbers_of_their_lines(tmp_path: Path) -> None:
    header = "image,class,bbox,remark\n\n  \n"
    text = 'a.jpg,cat,1 2 3 4,"to be\nchecked"\r\n\r\nb.jpg,cat,1 2 3 4,\n'
    rows = read(tmp_path, header + text)
    assert [row.place.rsplit(": ", 1)[1] for row in rows] == ["row 4", "row 7"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("image,class,class_name,bbox\na.jpg,3,cat,1 2 3 4\n", "cat"),
        ("image,label,name,bbox\na.jpg,0,cat,1 2 3 4\n", "cat"),
        ("image,category_id,category_name,bbox\na.jpg,3,cat,1 2 3 4\n", "cat"),
        ("image,class_name,class,bbox\na.jpg,3,cat,1 2 3 4\n", "cat"),
        ("image,label,name,bbox\na.jpg,3.0,a.jpg,1 2 3 4\n", "3"),  # name is of the photo
        ("image,label,name,bbox\na.jpg,3,,1 2 3 4\n", "3"),
        ("image,label,class_id,bbox\na.jpg,cat,3,1 2 3 4\n", "cat"),
        ("image,label,class_id,bbox\na.jpg,7,3,1 2 3 4\n", "7"),
    ],
)
def test_a_class_in_words_counts_before_one_in_numbers(
    tmp_path: Path, text: str, name: str
) -> None:
    assert [row.name for row in read(tmp_path, text)] == [name]


@settings(deadline=None)
@given(
    cells=st.lists(
        st.text(st.sampled_from("a.jpg019-e nif,"), max_size=5), min_size=11, max_size=11
    )
)
def test_any_row_is_read_or_refused(one_folder: Path, cells: list[str]) -> None:
    try:
        rows = read(one_folder, HEADER + ",".join(cells) + "\n")
    except InputError as error:
        assert "a.csv: " in str(error) and "\n" not in str(error)
    else:
        assert all(row.box is None or min(row.box[2:]) >= 0 for row in rows)
