"""Which detections in the first photos are kept after an epoch."""

import torch

from pipeline.rungs.rung import PhotoDetections
from pipeline.train.first_photos import found_in_first


def detections(*scores):
    boxes = torch.tensor([[10.0, 20.0, 50.0, 100.0]]).expand(len(scores), 4)
    labels = torch.arange(len(scores))
    return PhotoDetections(boxes, labels, torch.tensor(scores))


def test_nothing_found_is_an_empty_list():
    assert found_in_first([], 100) == []
    assert found_in_first([detections()], 100) == [[]]


def test_shares_of_the_side_and_no_weak_ones():
    (found,) = found_in_first([detections(0.90004, 0.2, 0.19)], 100)
    assert found == [(0, 0.9, 0.1, 0.2, 0.5, 1.0), (1, 0.2, 0.1, 0.2, 0.5, 1.0)]


def test_six_photos_and_twelve_detections_of_each():
    many = [detections(*[0.5] * 20)] * 9
    assert [len(photo) for photo in found_in_first(many, 100)] == [12] * 6
