"""Columns recognised by the names that tools and people give them."""

import pytest

from pipeline.formats.csv.columns import Columns, recognise


def columns(first: str) -> Columns:
    found, fault = recognise(first.split(","))
    assert found is not None, fault
    return found


@pytest.mark.parametrize(
    ("first", "box", "corners", "size"),
    [
        ("filename,width,height,class,xmin,ymin,xmax,ymax", (4, 5, 6, 7), True, (1, 2)),
        ("image_path,x1,y1,x2,y2,label", (1, 2, 3, 4), True, (None, None)),
        (
            "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax",
            (4, 6, 5, 7),
            True,
            (None, None),
        ),
        ("file,x_min,y_min,x_max,y_max,name", (1, 2, 3, 4), True, (None, None)),
        ("image,width,height,x,y,w,h,category", (3, 4, 5, 6), False, (1, 2)),
        ("image,x,y,width,height,category", (1, 2, 3, 4), False, (None, None)),
        (
            "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height",
            (1, 2, 3, 4),
            False,
            (6, 7),
        ),
        ("image,label,left,top,box_w,box_h", (2, 3, 4, 5), False, (None, None)),
        ("image,label,x,y,bbox_width,bbox_height,width,height", (2, 3, 4, 5), False, (6, 7)),
        ("image,label,bbox_x,bbox_y,w,h,width,height", (2, 3, 4, 5), False, (6, 7)),
        ("image,label,box_left,box_top,width,height", (2, 3, 4, 5), False, (None, None)),
        ("image,label,bbox_x1,bbox_y1,bbox_x2,bbox_y2,width,height", (2, 3, 4, 5), True, (6, 7)),
        ("image,label,xmin,ymin,xmax,ymax,box_w,box_h", (2, 3, 4, 5), True, (None, None)),
        ("image_id,width,height,bbox,class", (3,), False, (1, 2)),
        ("Filename,Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId", (3, 4, 5, 6), True, (1, 2)),
    ],
)
def test_names_of_tools(first: str, box: tuple, corners: bool, size: tuple) -> None:
    found = columns(first)
    assert (found.header, found.box, found.corners) == (True, box, corners)
    assert (found.width, found.height) == size


def test_what_else_a_row_may_tell() -> None:
    found = columns("path,class,x,y,w,h,Subset,conf,difficult,Is_Crowd")
    assert (found.split, found.score, found.ignore) == (6, 7, (8, 9))
    assert found.maybe_centre and not columns("path,class,left,top,w,h").maybe_centre


def test_of_several_names_of_a_photo_the_file_counts() -> None:
    assert columns("image_id,file_name,label,bbox").photo == 1


def test_names_of_classes_come_before_their_numbers() -> None:
    assert columns("image,class,class_name,bbox").names == (2, 1)
    assert columns("image,category_id,bbox,category_name").names == (3, 1)
    assert columns("image,bbox,category_id").names == (2,)


@pytest.mark.parametrize("first", ["cats/a.jpg,1,2,3,4,cat", "a.PNG,,,,,", "a.jpg,1.5,-2,3,4,cat"])
def test_a_row_of_retinanet_is_no_header(first: str) -> None:
    found = columns(first)
    assert (found.header, found.photo, found.names, found.box) == (False, 0, (5,), (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        ("", "no column for the photo among "),
        ("filename,xmin,ymin,xmax,ymax", "no column for the class among filename, xmin"),
        (
            "image,bbox",
            "no column for the class among image, bbox (if all boxes are of one class, ",
        ),
        ("class,xmin,ymin,xmax,ymax", "no column for the photo"),
        ("filename,class,x_center,y_center,w,h", "no column for the box"),
        ("filename,class,x,y,w,h,x1,y1,x2,y2", "two boxes, x1,y1,x2,y2 and x,y,w,h"),
        ("filename,class,x,y,w,h,box_w,box_h", "two boxes, x,y,w,h and x,y,boxw,boxh"),
        ("a.txt,1,2,3,4,cat", "no column for the photo"),
    ],
)
def test_what_is_unclear_is_told(first: str, fault: str) -> None:
    found, told = recognise(first.split(","))
    assert found is None
    assert told.startswith(fault)


@pytest.mark.parametrize("of", ["", "bbox_", "box_", "roi."])
def test_x_and_y_of_any_box_may_be_its_centre(of: str) -> None:
    assert columns(f"image,label,{of}x,{of}y,{of}w,{of}h").maybe_centre
    assert not columns(f"image,label,{of}x1,{of}y1,{of}x2,{of}y2").maybe_centre
