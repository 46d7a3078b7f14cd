"""Boxes of detections as boxes of labels."""

import numpy as np

from pipeline.inference.label_boxes import label_boxes


def test_boxes_are_cut_to_their_photos_and_rounded() -> None:
    found = np.array([[-3, 2.004, 30.126, 99], [10, 10, 70, 20]])
    boxes, has_area = label_boxes(found, np.array([[60, 40], [50, 40]]))
    assert boxes.tolist() == [[0, 2, 30.13, 38], [10, 10, 40, 10]]
    assert has_area.all()


def test_what_has_no_area_left_cannot_be_a_label() -> None:
    narrow, outside, none = [1, 2, 1.001, 9], [70, 2, 80, 9], [np.nan] * 4
    _, has_area = label_boxes(
        np.array([narrow, outside, none, [0, 0, 0.01, 1]]), np.array([60, 40])
    )
    assert has_area.tolist() == [False, False, False, True]
