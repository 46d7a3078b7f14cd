"""Decimal commas: read if unambiguous, reported if they might separate thousands."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.csv.rows import Row, read_rows

HEADER = "image;label;x1;y1;x2;y2;width;height;score;ignore\n"


def read(folder: Path, text: str) -> tuple[list[Row], list[str]]:
    (folder / "a.csv").write_text(text)
    rows, _, notes = read_rows(folder / "a.csv")
    return rows, notes


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_whole_row_as_excel_writes_it(tmp_path: Path, delimiter: str) -> None:
    text = HEADER + "a, b.jpg;3,5 cm nail;10,5;20;260,0;60,25;640,0;480;0,25;1,0\n"
    (row,), notes = read(tmp_path, text.replace(";", delimiter))
    assert (row.photo, row.name) == ("a, b.jpg", "3,5 cm nail")  # these are no numbers
    assert (row.box, row.size) == ((10.5, 20, 249.5, 40.25), (640, 480))
    assert (row.score, row.ignore) == (0.25, True)
    assert notes == ["6 numbers have a decimal comma, the first is 10,5"]


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("a.jpg;1,5;2;4;6,25;cat\n", (1.5, 2, 2.5, 4.25)),  # RetinaNet's, without a header
        ("image;label;bbox\na.jpg;cat;1,5 2 2,5 4,25\n", (1.5, 2, 2.5, 4.25)),
        ("image;label;bbox\na.jpg;cat;[1,5 2 2,5 4,25]\n", (1.5, 2, 2.5, 4.25)),
    ],
)
def test_other_forms_of_a_box(tmp_path: Path, text: str, box: tuple[float, ...]) -> None:
    (row,), notes = read(tmp_path, text)
    assert row.box == box
    assert len(notes) == 1


@pytest.mark.parametrize("bbox", ["1,2,3,4", "[1, 2, 3, 4]", "1 2 3 4", "1.0,2.0,3.0,4.0"])
def test_commas_between_the_numbers_of_a_box_are_none(tmp_path: Path, bbox: str) -> None:
    (row,), notes = read(tmp_path, f"image;label;bbox\na.jpg;cat;{bbox}\n")
    assert (row.box, notes) == ((1, 2, 3, 4), [])


def test_one_is_told_as_one(tmp_path: Path) -> None:
    _, notes = read(tmp_path, "image;label;bbox\na.jpg;cat;1 2 3 4,5\n")
    assert notes == ["1 number has a decimal comma, the first is 4,5"]


@pytest.mark.parametrize("number", ["1.260,0", "1,260.0", "1,260,000", "1 260,0"])
def test_marks_between_thousands_are_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, HEADER + f"a.jpg;cat;1;2;{number};4;;;;\n")
    assert str(caught.value) == (
        f"{tmp_path / 'a.csv'}: row 2: box {number!r} is not a finite number; export numbers with "
        "a decimal point and without marks between thousands"
    )


def test_a_point_beside_commas_is_refused_as_it_may_part_thousands(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, HEADER + "a.jpg;cat;1.260;2;1300;4;;;;\nb.jpg;cat;1,5;2;3;4;;;;\n")
    assert "row 2: '1.260' has a point where others, as '1,5', have a decimal comma; export" in str(
        caught.value
    )


def test_between_commas_a_comma_may_part_thousands(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"row 2: box '1,260' is not a finite number; export numbers"
    ):
        read(tmp_path, 'image,label,x1,y1,x2,y2\na.jpg,cat,"1,260",2,1300,4\n')


def test_three_digits_behind_each_comma_may_be_thousands(tmp_path: Path) -> None:
    text = "image;label;x1;y1;x2;y2\na.jpg;cat;1,234;2;1,250;{}\n"
    with pytest.raises(InputError, match="'1,234': has three digits after its comma, like all"):
        read(tmp_path, text.format(20))
    (row,), _ = read(tmp_path, text.format("20,5"))  # of which no thousand has one digit
    assert row.box == pytest.approx((1.234, 2, 0.016, 18.5))
    (row,), _ = read(tmp_path, "image;label;x1;y1;x2;y2\na.jpg;cat;0,125;0;0,875;1\n")
    assert row.box == (0.125, 0, 0.75, 1)  # nor does one begin with 0
