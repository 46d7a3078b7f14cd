"""Box arithmetic: numbers to check by hand, and round trips of every conversion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pipeline.boxes import (
    area,
    paired_iou,
    voc_to_xyxy,
    xywh_to_xyxy,
    xyxy_to_xywh,
)

EMPTY = np.zeros((0, 4))
pixel = st.integers(0, 10_000)
xywh_boxes = st.lists(st.tuples(pixel, pixel, pixel, pixel), max_size=5).map(
    lambda rows: np.array(rows, float).reshape(-1, 4)
)


@pytest.mark.parametrize("convert", [xywh_to_xyxy, xyxy_to_xywh, voc_to_xyxy])
def test_no_boxes_stay_no_boxes(convert):
    assert convert(EMPTY).shape == (0, 4)


@pytest.mark.parametrize(
    ("xywh", "xyxy"),
    [
        ([5, 7, 0, 0], [5, 7, 5, 7]),
        ([0, 0, 1, 1], [0, 0, 1, 1]),
        ([155, 96, 196, 174], [155, 96, 351, 270]),
        ([-3, 2.5, 10, 4.25], [-3, 2.5, 7, 6.75]),
    ],
)
def test_corner_and_size_are_edges(xywh, xyxy):
    assert_array_equal(xywh_to_xyxy(np.array([xywh])), [xyxy])
    assert_array_equal(xyxy_to_xywh(np.array([xyxy])), [xywh])


def test_edges_are_float32_and_rounded_once():
    edges = xywh_to_xyxy(np.array([0.1, 0.2, 0.3, 0.4]))
    assert edges.dtype == np.float32
    assert edges[2] == np.float32(0.1 + 0.3)


def test_leading_axes_are_kept():
    assert xywh_to_xyxy(np.ones((2, 3, 4))).shape == (2, 3, 4)
    assert xyxy_to_xywh(np.ones((2, 3, 4))).shape == (2, 3, 4)
    assert area(np.ones((2, 3, 4))).shape == (2, 3)


@given(xywh_boxes)
def test_there_and_back_is_the_same_box(boxes):
    assert_array_equal(xyxy_to_xywh(xywh_to_xyxy(boxes)), boxes)


def test_voc_corner_of_the_whole_photo_is_the_whole_photo():
    assert_array_equal(voc_to_xyxy(np.array([[1, 1, 500, 375]])), [[0, 0, 500, 375]])


def test_voc_box_of_one_pixel_has_area_one():
    assert_array_equal(area(voc_to_xyxy(np.array([[9, 4, 9, 4]]))), [1])


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([3, 3, 3, 9], 0),
        ([3, 3, 1, 1], 0),
        ([0, 0, 1, 1], 1),
        ([2, 1, 5, 3], 6),
    ],
)
def test_area(box, expected):
    assert_array_equal(area(np.array([box])), [expected])


def test_area_of_no_boxes():
    assert area(EMPTY).shape == (0,)


@pytest.mark.parametrize(
    ("box", "other", "expected"),
    [
        ([1, 1, 1, 1], [1, 1, 1, 1], 0),
        ([0, 0, 2, 2], [0, 0, 2, 2], 1),
        ([0, 0, 2, 2], [2, 0, 4, 2], 0),
        ([0, 0, 2, 2], [1, 1, 3, 3], 1 / 7),
        ([0, 0, 4, 4], [0, 0, 2, 4], 1 / 2),
        ([0, 0, 2, 2], [5, 5, 9, 9], 0),
    ],
)
def test_paired_iou(box, other, expected):
    assert_allclose(paired_iou(np.array([box]), np.array([other])), [expected])
    assert_allclose(paired_iou(np.array([other]), np.array([box])), [expected])


def test_paired_iou_of_no_boxes():
    assert paired_iou(EMPTY, EMPTY).shape == (0,)


@given(xywh_boxes)
def test_iou_with_itself_is_one_where_there_is_area(boxes):
    edges = xywh_to_xyxy(boxes).astype(float)
    assert_array_equal(paired_iou(edges, edges), (area(edges) > 0).astype(float))
