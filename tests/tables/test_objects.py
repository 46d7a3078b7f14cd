"""Annotations as columns: bad boxes named, good ones clipped to their photo."""

import math

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from pipeline.errors import InputError
from pipeline.formats.columns import columns_of
from pipeline.tables.objects import clip_objects, read_objects

IMAGES = pa.table({"file_name": ["a.jpg", "b.jpg"], "width": [100, 40], "height": [50, 30]})


def pascal(*bboxes, **fields):
    """Return a Pascal JSON whose first photo has these boxes, ids from 10."""
    annotations = [
        {"id": 10 + index, "image_id": 1, "category_id": 5, "bbox": bbox, "ignore": 0} | fields
        for index, bbox in enumerate(bboxes)
    ]
    return {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": annotations,
        "categories": [{"id": 9, "name": "cat"}, {"id": 5, "name": "dog"}],
    }


def clip(*bboxes):
    return clip_objects(read_objects(columns_of(pascal(*bboxes))), IMAGES)


def test_no_annotations():
    kept, clipped, dropped = clip()
    assert kept.boxes.shape == (0, 4)
    assert (clipped, dropped) == (0, [])


@pytest.mark.parametrize(
    ("bbox", "reason"),
    [
        ([10, 10, 0, 5], "no area"),
        ([10, 10, 5, 0], "no area"),
        ([10, 10, 1e-9, 5], "no area"),
        ([100, 10, 5, 5], "outside the photo"),
        ([10, 50, 5, 5], "outside the photo"),
        ([-5, 10, 5, 5], "outside the photo"),
        ([10, -9, 5, 5], "outside the photo"),
        ([1e39, 10, 5, 5], "outside the photo"),
    ],
)
def test_a_box_without_area_in_the_photo_is_dropped_with_its_reason(bbox, reason):
    kept, clipped, dropped = clip(bbox, [1, 2, 3, 4])
    assert dropped == [{"file": "a.jpg", "object_id": 10, "reason": reason}]
    assert_array_equal(kept.ids, [11])
    assert_array_equal(kept.boxes, [[1, 2, 4, 6]])
    assert clipped == 0


@pytest.mark.parametrize(
    ("bbox", "edges"),
    [
        ([-5, -6, 20, 20], [0, 0, 15, 14]),
        ([90, 40, 20, 20], [90, 40, 100, 50]),
        ([-1, -1, 1e39, 1e39], [0, 0, 100, 50]),
        ([99.75, 0, 0.5, 50], [99.75, 0, 100, 50]),
    ],
)
def test_a_box_over_the_border_is_clipped_and_counted(bbox, edges):
    kept, clipped, dropped = clip(bbox)
    assert_array_equal(kept.boxes, [edges])
    assert kept.boxes.dtype == np.float32
    assert (clipped, dropped) == (1, [])


def test_the_whole_photo_is_not_clipped():
    kept, clipped, _ = clip([0, 0, 100, 50])
    assert_array_equal(kept.boxes, [[0, 0, 100, 50]])
    assert clipped == 0


@pytest.mark.parametrize(
    ("bbox", "problem"),
    [
        ([1, 2, -3, 4], "has a negative size"),
        ([1, 2, 3, -4], "has a negative size"),
        ([math.nan, 2, 3, 4], "is not finite"),
        ([1, 2, math.inf, 4], "is not finite"),
        ([1, 2, -math.inf, 4], "is not finite"),
        ([1, 2, None, 4], "is not finite"),
        ([1, 2, 3], "is not four numbers"),
        ([], "is not four numbers"),
        (["x", 2, 3, 4], "is not four numbers"),
        (None, "is not four numbers"),
    ],
)
def test_a_wrong_box_is_refused_by_file_and_annotation(bbox, problem):
    with pytest.raises(InputError, match=rf"a\.jpg: annotation 11: bbox .*{problem}; ") as refused:
        read_objects(columns_of(pascal([1, 2, 3, 4], bbox)))
    assert "\n" not in str(refused.value)


def test_two_numbers_each_are_not_taken_for_half_as_many_boxes():
    with pytest.raises(InputError, match=r"annotation 10: .* is not four numbers"):
        read_objects(columns_of(pascal([1, 2], [3, 4])))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ignore": 0}, False),
        ({"ignore": 1}, True),
        ({"ignore": True}, True),
        ({"ignore": 0, "iscrowd": 1}, True),
        ({"ignore": 0, "iscrowd": 0}, False),
    ],
)
def test_difficult_objects_and_crowds_are_ignored(fields, expected):
    assert read_objects(columns_of(pascal([1, 2, 3, 4], **fields))).ignore.tolist() == [expected]


def test_order_is_of_the_photos_then_of_the_annotations():
    source = pascal([1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3], [4, 4, 4, 4])
    for annotation, image_id in zip(source["annotations"], (2, 1, 2, 1), strict=True):
        annotation["image_id"] = image_id
    found = read_objects(columns_of(source))
    assert found.ids.tolist() == [11, 13, 10, 12]
    assert found.rows.tolist() == [0, 0, 1, 1]
    assert found.boxes[:, 0].tolist() == [2, 4, 1, 3]
    assert found.labels.tolist() == [1, 1, 1, 1]


def test_order_of_many_annotations_of_one_photo_is_kept():
    source = pascal(*[[1, 2, 3, 4]] * 200)
    for annotation in source["annotations"]:
        annotation["image_id"] = 2 - annotation["id"] % 2
    assert read_objects(columns_of(source)).ids.tolist() == [*range(11, 210, 2), *range(10, 210, 2)]


@pytest.mark.parametrize(("key", "what"), [("image_id", "image"), ("category_id", "category")])
def test_an_unknown_owner_is_named(key, what):
    with pytest.raises(InputError, match=f"{what} 77 has annotations and is not in the list"):
        read_objects(columns_of(pascal([1, 2, 3, 4], **{key: 77})))
