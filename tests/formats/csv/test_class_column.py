"""Which column names the classes, if several may."""

import pytest

from pipeline.formats.csv.class_column import column_of_names, note_of_choice
from pipeline.formats.csv.columns import Columns, recognise

BOX = ",xmin,ymin,xmax,ymax"


def table(header: str, *rows: str) -> tuple[list[list[str]], Columns]:
    columns, fault = recognise((header + BOX).split(","))
    assert columns is not None, fault
    return [[*row.split(","), "1", "2", "3", "4"] for row in rows], columns


@pytest.mark.parametrize(
    ("header", "rows", "taken"),
    [
        ("image,class", ["a,cat", "b,dog"], "class"),
        ("image,class,name", ["a,0,cat", "b,1,dog", "c,1,dog"], "name"),
        ("image,class,name", ["a,0,cat", "b,1,dog"], "name"),  # tell as many apart
        ("image,class_id,label", ["a,0,cat", "b,0,cat"], "label"),
        ("image,name,class", ["a,img_0,0", "b,img_1,1", "c,img_2,0", "d,img_3,1"], "class"),
        ("image,name,class", ["a,img_0,cat", "b,img_1,dog", "c,img_2,cat"], "class"),
        ("image,label,category", ["a,0,val", "b,1,train", "c,0,train"], "label"),
        ("image,label,category", ["a,train,cat", "b,val,dog", "c,train,dog"], "category"),
        ("image,category,label", ["a,animal,cat", "b,animal,dog", "c,animal,dog"], "label"),
        ("image,label", ["a,train", "b,val"], "label"),  # there is no other
        ("image,class,name", ["a,1,a.jpg", "b,2,b.jpg"], "class"),
        ("image,label,name", ["a,3,", "b,4,"], "label"),
        ("image,label,name", ["a,,", "b,,"], "label"),
    ],
)
def test_the_column_of_classes(header: str, rows: list[str], taken: str) -> None:
    cells, columns = table(header, *rows)
    assert header.split(",")[column_of_names(cells, columns)] == taken


def test_a_choice_is_noted() -> None:
    _, columns = table("image,Name,class")
    assert note_of_choice(columns, 2) == [
        "the class is that in column class, not in Name; a column class_name would come first"
    ]
    assert note_of_choice(table("image,class")[1], 1) == []
