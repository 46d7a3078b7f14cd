"""Lines of YOLO against numbers that can be checked by hand."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.formats.yolo.lines import YoloObject, begins_with_object, read_yolo_lines


def read(folder: Path, text: str, keypoints: int = 0) -> list[YoloObject]:
    (folder / "a.txt").write_text(text)
    return read_yolo_lines(folder / "a.txt", keypoints=keypoints)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_nothing(tmp_path: Path, text: str) -> None:
    assert read_yolo_lines(tmp_path / "absent.txt") == []
    assert read(tmp_path, text) == []


@pytest.mark.parametrize(
    ("line", "label", "box", "score"),
    [
        ("0 0.5 0.5 0 0", 0, (0.5, 0.5, 0, 0), None),
        ("3 0.5 0.5 0.5 0.25", 3, (0.25, 0.375, 0.5, 0.25), None),
        ("3.0 0.5 0.5 1 1", 3, (0, 0, 1, 1), None),
        ("1 0.5 0.5 0.5 0.5 0.75", 1, (0.25, 0.25, 0.5, 0.5), 0.75),
        ("1 0.5 0 1 0.5 0.5 1 0 0.5", 1, (0, 0, 1, 1), None),  # a square on its corner, OBB
        ("1 0.25 0 0.5 0.5 0 0.75", 1, (0, 0, 0.5, 0.75), None),  # a triangle
    ],
)
def test_each_form(tmp_path: Path, line: str, label: int, box: tuple, score: float | None) -> None:
    (found,) = read(tmp_path, line)
    assert (found.label, found.box, found.score) == (label, box, score)
    assert found.outline == (len(line.split()) > 6)
    assert not found.rounded


@pytest.mark.parametrize("last", ["7", "1", "0"])
def test_boxes_with_confidence_and_track(tmp_path: Path, last: str) -> None:
    first, second = read(tmp_path, f"0 0.5 0.5 1 1 0.5 2\n1 0.5 0.5 0.5 0.5 0.25 {last}\n")
    assert (second.box, second.score) == ((0.25, 0.25, 0.5, 0.5), 0.25)
    assert (first.score, first.outline) == (0.5, False)


def test_whether_a_line_that_ends_with_1_has_a_track_is_told_by_the_others(tmp_path: Path) -> None:
    line = "0 0.5 0.5 0.25 0.25 0.75 1\n"
    for other in ("0 0 0 1 0 0 0.5\n", "0 0 0 1 0 1 1 0 1\n"):
        outline = read(tmp_path, line + other)[0]
        assert (outline.box, outline.outline) == ((0.25, 0.25, 0.5, 0.75), True)
    with pytest.raises(InputError, match=r"a.txt: line 1: may be an outline .* track 1; repeat"):
        read(tmp_path, line)
    assert read(tmp_path, line.replace("1\n", "0\n"))[0].outline  # no track has the number 0


def test_keypoints_are_no_corners(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "0 0.5 0.5 0.5 0.5 0.1 0.1 2", keypoints=3)
    assert (found.box, found.outline) == ((0.25, 0.25, 0.5, 0.5), False)
    with pytest.raises(InputError, match=r"line 1: has 7 numbers, not 5 or 8"):
        read(tmp_path, "0 0.5 0.5 0.5 0.5 0.1 0.1", keypoints=3)


def test_a_share_a_bit_outside_is_set_to_the_edge(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "0 1.0005 0.5 1 1.0009")
    assert found == YoloObject(0, (0.5, 0, 1, 1), None, False, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5", "has 3 numbers, not 5, 6, or 7 and more by twos; correct it"),
        ("0 0.5 0.5 0.5 0.5 0.5 0.5 0.5", "has 8 numbers"),
        ("cat 0.5 0.5 0.5 0.5", "'cat 0.5 0.5 0.5 0.5' is not all numbers; correct it"),
        ("0 0,5 0,5 0,1 0,1", "has decimal commas; write points, and spaces between numbers"),
        ("0,0.5,0.5,0.1,0.1", "has decimal commas; write points, and spaces between numbers"),
        ("0.5 0.5 0.5 0.5 0.5", "class 0.5 is not a whole number; correct it"),
        ("-1 0.5 0.5 0.5 0.5", "class -1 is not a whole number"),
        ("32768 0.5 0.5 0.5 0.5", "class 32768 is above 32767; number the classes from 0"),
        ("1e9 0.5 0.5 0.5 0.5", "class 1e9 is above 32767"),
        ("nan 0.5 0.5 0.5 0.5", "class nan is not a whole number"),
        ("0 nan 0.5 0.5 0.5", "'0 nan 0.5 0.5 0.5' has a number that is not finite; correct it"),
        ("0 0.5 0.5 0.5 -inf", "has a number that is not finite; correct it"),
        ("0 0 0 1 0 nan 1 0 1", "has a number that is not finite; correct it"),
        ("0 0.5 0.5 -0.01 0.5", "'0 0.5 0.5 -0.01 0.5' has a negative width or height; correct it"),
        ("0 -0.5 0.5 0.5 0.5", "has a number outside 0..1"),
        ("0 0 0 1 0 -0.5 1 0 1", "has a number outside 0..1"),
        ("0 120 80 40 30", "has a number outside 0..1; give shares of the photo's sides, not"),
        ("0 0.5 0.5 0.5 0.5 1.5", "confidence 1.5 is outside 0..1"),
        ("0 0.5 0.5 0.5 0.5 nan", "confidence nan is outside 0..1"),
        ("0 0.5 0.5 1 1 0.5 0.5\n0 0.5 0.5 1 1 0.5 2", "track 0.5 is not a whole number"),
        ("0 120 80 40 30 60 50", "has a number outside 0..1; give shares"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"0 0.5 0.5 0.5 0.5\n\n{line}\n")
    assert str(caught.value).startswith(f"{tmp_path / 'a.txt'}: line 3: ")
    assert message in str(caught.value)


@settings(deadline=None)
@given(text=st.text(st.sampled_from("0123456789.- \nenaif"), max_size=60))
def test_any_text_is_read_or_refused(one_folder: Path, text: str) -> None:
    try:
        found = read(one_folder, text)
    except InputError as error:
        assert "a.txt: line " in str(error) and "\n" not in str(error)
    else:
        assert all(-0.5 <= side <= 1 for item in found for side in item.box)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0 .5 0.5 1 1e-1\n", True),
        ("\n0 1 1 1 1", True),
        ("0 0,5 0,5 0,1 0,1", True),  # which its reader then refuses by name
        ("0 1 1 1\n", False),
        ("photos of 5 cats, 3 dogs\n", False),
        ("", False),
    ],
)
def test_a_text_that_begins_with_an_object(tmp_path: Path, text: str, found: bool) -> None:
    (tmp_path / "a.txt").write_text(text)
    assert begins_with_object(tmp_path / "a.txt") is found
