"""Boxes are clipped to their photo; those without area are dropped and counted."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pipeline.tables.objects import clip_objects
from tests.data.making import labels


def pascal(*bboxes, **fields):
    """Return a Pascal JSON whose first photo has these boxes, ids from 10."""
    annotations = [
        {"id": 10 + index, "image_id": 1, "category_id": 5, "bbox": bbox, "ignore": 0} | fields
        for index, bbox in enumerate(bboxes)
    ]
    return {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 100, "height": 50},
            {"id": 2, "file_name": "b.jpg", "width": 40, "height": 30},
        ],
        "annotations": annotations,
        "categories": [{"id": 9, "name": "cat"}, {"id": 5, "name": "dog"}],
    }


def clip(*bboxes):
    return clip_objects(labels(pascal(*bboxes)))


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
    assert clip_objects(labels(pascal([1, 2, 3, 4], **fields)))[0].ignore.tolist() == [expected]


def test_order_is_of_the_photos_then_of_the_annotations():
    source = pascal([1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3], [4, 4, 4, 4])
    for annotation, image_id in zip(source["annotations"], (2, 1, 2, 1), strict=True):
        annotation["image_id"] = image_id
    found, _, _ = clip_objects(labels(source))
    assert found.ids.tolist() == [11, 13, 10, 12]
    assert found.rows.tolist() == [0, 0, 1, 1]
    assert found.boxes[:, 0].tolist() == [2, 4, 1, 3]
    assert found.labels.tolist() == [1, 1, 1, 1]


def test_order_of_many_annotations_of_one_photo_is_kept():
    source = pascal(*[[1, 2, 3, 4]] * 200)
    for annotation in source["annotations"]:
        annotation["image_id"] = 2 - annotation["id"] % 2
    found, _, _ = clip_objects(labels(source))
    assert found.ids.tolist() == [*range(11, 210, 2), *range(10, 210, 2)]
