"""Anchors: where they are, by hand; how boxes are decoded from them, against torchvision."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close
from torchvision.models.detection._utils import BoxCoder

from pipeline.rungs.ssd.anchors import (
    decode_boxes,
    decode_tanh,
    grid_anchors,
    lesson_sizes,
)

ORACLE = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
LESSON = {"zooms": [0.7, 1.0, 1.3], "ratios": [(1.0, 1.0), (1.0, 0.5), (0.5, 1.0)]}


def test_no_anchors_no_boxes():
    none = torch.zeros(0, 4)
    assert decode_boxes(torch.zeros(2, 0, 4), none).shape == (2, 0, 4)
    assert decode_tanh(torch.zeros(2, 0, 4), none, torch.zeros(0)).shape == (2, 0, 4)


def test_four_cells_of_one_anchor_by_hand():
    expected = [[15, 20, 35, 30], [65, 20, 85, 30], [15, 70, 35, 80], [65, 70, 85, 80]]
    assert grid_anchors(100, [2], [[(20, 10)]]).tolist() == expected


def test_levels_and_sizes_of_a_cell_by_hand():
    anchors = grid_anchors(80, [1, 2], [[(80.0, 80.0)], [(40.0, 20.0), (10.0, 10.0)]])
    assert anchors.shape == (1 + 4 * 2, 4)
    assert anchors[0].tolist() == [0, 0, 80, 80]
    assert anchors[1:5].tolist() == [
        [0, 10, 40, 30],
        [15, 15, 25, 25],
        [40, 10, 80, 30],
        [55, 15, 65, 25],
    ]


def test_levels_and_sizes_must_agree():
    with pytest.raises(ValueError, match="zip"):
        grid_anchors(80, [1, 2], [[(80.0, 80.0)]])


def test_the_lesson_has_189_anchors_of_its_sizes():
    sizes = lesson_sizes(224, [4, 2, 1], **LESSON)
    anchors = grid_anchors(224, [4, 2, 1], sizes)
    assert anchors.shape == (189, 4)
    one_cell = [(w * zoom, h * zoom) for zoom in LESSON["zooms"] for w, h in LESSON["ratios"]]
    sides = (anchors[:, 2:] - anchors[:, :2]).split([144, 36, 9])
    for level, cell in zip(sides, (56, 112, 224), strict=True):
        expected = torch.tensor(one_cell) * cell
        assert_close(level.view(-1, 9, 2), expected.expand(len(level) // 9, 9, 2))
    # The smallest side of a cell of 56 pixels: zoom 0.7, ratio 0.5.
    assert_close(sides[0].min(), torch.tensor(19.6), rtol=0, atol=1e-3)


def test_the_lessons_first_ssd_tiles_the_input():
    anchors = grid_anchors(128, [4], lesson_sizes(128, [4], [1.0], [(1.0, 1.0)]))
    assert anchors.shape == (16, 4)
    assert anchors[5].tolist() == [32, 32, 64, 64]
    assert (anchors[:, 2:] - anchors[:, :2]).prod(1).sum() == 128 * 128


edge = st.floats(0, 200, width=32)
side = st.floats(1, 200, width=32)
boxes = st.lists(st.tuples(edge, edge, side, side), min_size=1, max_size=5).map(
    lambda rows: torch.tensor([[x, y, x + w, y + h] for x, y, w, h in rows])
)


@given(boxes, edge, edge, side, side)
def test_encoding_there_and_back(boxes, x, y, width, height):
    # A side that grows more than 62-fold is cut off on purpose.
    width, height = max(width, 5), max(height, 5)
    anchors = torch.tensor([[x, y, x + width, y + height]]).expand(len(boxes), 4)
    back = decode_boxes(ORACLE.encode_single(boxes, anchors), anchors)
    assert_close(back, boxes, rtol=1e-3, atol=5e-3)


@given(st.integers(0, 10**6))
def test_coder_is_that_of_torchvision(seed):
    generator = torch.Generator().manual_seed(seed)
    corner, sides = torch.rand(2, 6, 2, generator=generator) * 100 + 1
    anchors = torch.cat([corner, corner + sides], 1)
    offsets = torch.randn(6, 4, generator=generator) * 12  # some beyond the largest growth
    decoded = decode_boxes(offsets, anchors)
    assert_close(decoded, ORACLE.decode_single(offsets, anchors), rtol=1e-4, atol=1e-2)


def test_decode_by_hand():
    anchors = torch.tensor([[0.0, 0, 10, 20]])
    assert_close(decode_boxes(torch.zeros(1, 4), anchors), anchors)
    # A tenth of a side to the right and two tenths up; twice as wide, half as high.
    offsets = torch.tensor([[1.0, -2, 5 * math.log(2), -5 * math.log(2)]])
    assert_close(decode_boxes(offsets, anchors), torch.tensor([[-4.0, 1, 16, 11]]))


def test_a_wild_step_does_not_overflow():
    anchors = torch.tensor([[0.0, 0, 16, 16]])
    wild = decode_boxes(torch.full((1, 4), 1e4), anchors)
    assert wild.isfinite().all()
    assert_close(wild[:, 2:] - wild[:, :2], torch.tensor([[1000.0, 1000]]), rtol=1e-3, atol=0)


def test_batches_share_the_anchors():
    anchors = grid_anchors(64, [2], [[(16.0, 16.0)]])
    offsets = torch.randn(3, 4, 4)
    together = decode_boxes(offsets, anchors)
    for batch, alone in zip(together, offsets, strict=True):
        assert_close(batch, decode_boxes(alone, anchors))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([0, 0, 0, 0], [20, 30, 60, 50]),
        # Half a cell of 80 to the right, none further; and half a cell up.
        ([100, -100, 0, 0], [60, -10, 100, 10]),
        # Sides of 40 x 20 grow to 1.5 times at most and shrink to 0.5.
        ([0, 0, 100, -100], [10, 35, 70, 45]),
        ([0, 0, -100, 100], [30, 25, 50, 55]),
        # tanh(x) = 1/2: a quarter of a cell, 1.25 times the side.
        ([math.atanh(0.5), 0, math.atanh(0.5), 0], [35, 30, 85, 50]),
    ],
)
def test_tanh_decode_by_hand(raw, expected):
    anchors = torch.tensor([[20.0, 30, 60, 50]])
    decoded = decode_tanh(torch.tensor([[raw]]).float(), anchors, torch.tensor([80.0]))
    assert_close(decoded, torch.tensor([[expected]]).float(), rtol=0, atol=1e-4)


def test_tanh_decode_has_a_cell_for_each_anchor():
    anchors = grid_anchors(100, [2, 1], [[(50.0, 50.0)], [(100.0, 100.0)]])
    cells = torch.tensor([50.0] * 4 + [100.0])
    moved = decode_tanh(torch.tensor([100.0, 0, 0, 0]).expand(2, 5, 4), anchors, cells)
    shift = (moved - anchors)[..., 0]
    assert_close(shift, torch.tensor([[25.0, 25, 25, 25, 50]]).expand(2, 5))
