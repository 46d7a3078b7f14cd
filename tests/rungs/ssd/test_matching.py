"""Which anchor is matched to which object: by hand, and against loops over photos and objects."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rungs.ssd import matching
from pipeline.rungs.ssd.matching import BACKGROUND, IGNORE, match_atss, match_iou
from tests.oracles.ssd import atss_match, lesson_match

# Two rows of two cells of 10 pixels: anchors 0 1 above 2 3.
ANCHORS = torch.tensor(
    [[0, 0, 10, 10], [10, 0, 20, 10], [0, 10, 10, 20], [10, 10, 20, 20]], dtype=torch.float32
)
LEVELS = (16, 4, 1)


def one_photo(*boxes):
    return torch.tensor([boxes], dtype=torch.float32), torch.ones(1, len(boxes), dtype=torch.bool)


def grid(cells, side, size=64.0):
    centre = (torch.arange(cells) + 0.5) * size / cells
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    centres = torch.stack([x, y], -1).reshape(-1, 2)
    return torch.cat([centres - side / 2, centres + side / 2], -1)


PYRAMID = torch.cat([grid(4, 20.0), grid(2, 40.0), grid(1, 60.0)])  # 16 + 4 + 1 anchors


def random_photos(seed, photos=3, objects=5):
    """Return boxes in 64 pixels, and which of them count; in the last photo none does."""
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(photos, objects, 2, 2, generator=generator) * 64
    boxes = torch.cat([corners.amin(2), corners.amax(2)], -1)
    present = torch.rand(photos, objects, generator=generator) < 0.7
    present[-1] = False
    return boxes, present


def test_iou_two_objects_by_hand():
    # The first covers anchor 0 and 8 columns of anchor 1: IoU 100/180 and 80/200.
    # The second lies in anchor 3: 60/100.
    boxes, present = one_photo((0, 0, 18, 10), (10, 10, 20, 16))
    for threshold, expected in [
        (0.39, [0, 0, -1, 1]),
        (0.41, [0, -1, -1, 1]),
        (0.61, [0, -1, -1, 1]),  # the best anchors, in any case
    ]:
        assert match_iou(boxes, present, ANCHORS, threshold).tolist() == [expected]


def test_iou_the_threshold_is_exceeded_strictly():
    boxes, present = one_photo((0, 0, 20, 10), (10, 0, 20, 10))  # anchor 0: exactly 1/2
    assert match_iou(boxes[:, :1], present[:, :1], ANCHORS, 0.5).tolist() == [[0, -1, -1, -1]]
    # The best anchor of the second is 1, which makes 0 the forced one of the first alone.
    assert match_iou(boxes, present, ANCHORS, 0.5).tolist() == [[0, 1, -1, -1]]
    boxes, present = one_photo((0, 0, 20, 20))  # 1/4 of each; the first is forced
    assert match_iou(boxes, present, ANCHORS, 0.25).tolist() == [[0, -1, -1, -1]]
    assert match_iou(boxes, present, ANCHORS, 0.2499).tolist() == [[0, 0, 0, 0]]


def test_iou_of_two_objects_with_one_best_anchor_the_later_has_it():
    boxes, present = one_photo((0, 0, 10, 9), (0, 0, 10, 6))  # IoU .9 and .6 with anchor 0
    assert match_iou(boxes, present, ANCHORS, 0.5).tolist() == [[1, -1, -1, -1]]
    assert match_iou(boxes.flip(1), present, ANCHORS, 0.5).tolist() == [[1, -1, -1, -1]]


def test_iou_a_forced_anchor_is_taken_from_the_object_it_overlaps_more():
    # The first overlaps anchors 0 and 1 alike (1/2 each, 0 is its best); the second, much smaller,
    # has 1 as its best.
    boxes, present = one_photo((0, 0, 20, 10), (14, 4, 16, 6))
    assert match_iou(boxes, present, ANCHORS, 0.4).tolist() == [[0, 1, -1, -1]]


def test_iou_an_empty_photo_is_all_background():
    boxes, present = torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.bool)
    boxes[0, 0], present[0, 0] = ANCHORS[2], True
    expected = [[-1, -1, 0, -1], [-1, -1, -1, -1]]
    assert match_iou(boxes, present, ANCHORS, 0.4).tolist() == expected


def test_iou_what_is_not_present_is_not_matched():
    boxes, present = one_photo((0, 0, 10, 10), (10, 0, 20, 10))
    present[0, 0] = False  # a box marked `ignore`
    assert match_iou(boxes, present, ANCHORS, 0.4).tolist() == [[-1, 1, -1, -1]]


def test_iou_a_box_without_area_spoils_nothing():
    boxes, present = one_photo((10, 10, 20, 20), (5, 5, 5, 5))
    anchors = torch.cat([ANCHORS, torch.tensor([[5.0, 5, 5, 5]])])  # 0 / 0 with the second box
    assert match_iou(boxes, present, anchors, 0.4).tolist() == [[-1, -1, -1, 0, -1]]


def test_iou_an_object_that_no_anchor_overlaps_forces_none():
    boxes, present = one_photo((40, 40, 50, 50))  # as a crop of the photo may leave it
    assert match_iou(boxes, present, ANCHORS, 0.4).tolist() == [[-1, -1, -1, -1]]


@pytest.mark.parametrize("width", [0, 1, 7])
def test_iou_padding_changes_nothing(width):
    boxes, present = random_photos(3)
    wide = torch.cat([boxes, torch.zeros(3, width, 4)], 1)
    mask = torch.cat([present, torch.zeros(3, width, dtype=torch.bool)], 1)
    assert torch.equal(match_iou(wide, mask, PYRAMID, 0.4), match_iou(boxes, present, PYRAMID, 0.4))


@given(seed=st.integers(0, 2**32 - 1), threshold=st.sampled_from([0.2, 0.4, 0.6]))
@settings(max_examples=60, deadline=None)
def test_iou_as_the_lessons_loop(seed, threshold):
    boxes, present = random_photos(seed)
    # As in a batch, what is there stands before the padding.
    order = present.int().argsort(dim=1, descending=True, stable=True)
    boxes = boxes.gather(1, order[..., None].expand_as(boxes))
    present = present.gather(1, order)
    expected = [lesson_match(b[p], PYRAMID, threshold) for b, p in zip(boxes, present, strict=True)]
    assert torch.equal(match_iou(boxes, present, PYRAMID, threshold), torch.stack(expected))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_atss_as_a_loop_over_photos_and_objects(seed):
    boxes, present = random_photos(seed)
    ignore = present & (
        torch.rand(present.shape, generator=torch.Generator().manual_seed(seed)) < 0.3
    )
    matched = match_atss(boxes, present, ignore, PYRAMID, LEVELS)
    for photo in range(len(boxes)):
        expected = atss_match(boxes[photo], present[photo], ignore[photo], PYRAMID, LEVELS)
        assert matched[photo].tolist() == expected


def test_atss_takes_the_level_of_the_objects_size():
    boxes, present = one_photo((2.1, 2, 62, 62.1), (13.9, 14, 34, 34.1), (33, 0, 63, 31.5))
    matched = match_atss(boxes, present, ~present, PYRAMID, LEVELS)[0]
    assert matched[20] == 0  # the one coarse anchor
    assert matched[5] == 1  # a fine one
    assert matched[17] == 2  # a middle one
    assert 0 not in matched[:20] and 1 not in matched[16:]


def test_atss_leaves_out_the_anchors_of_an_ignored_object():
    boxes, present = one_photo((0, 0, 31, 31), (33, 33, 64, 64))
    ignore = torch.tensor([[False, True]])
    matched = match_atss(boxes, present, ignore, PYRAMID, LEVELS)[0]
    plain = match_atss(boxes, present, ~present, PYRAMID, LEVELS)[0]
    assert (plain == 1).any() and (plain == 0).any()
    assert torch.equal(matched == IGNORE, plain == 1)
    assert torch.equal(matched == 0, plain == 0)


def test_atss_an_empty_photo_is_all_background():
    boxes, absent = torch.zeros(1, 2, 4), torch.zeros(1, 2, dtype=torch.bool)
    matched = match_atss(boxes, absent, absent, PYRAMID, LEVELS)
    assert matched.tolist() == [[BACKGROUND] * 21]


def test_atss_a_box_without_area_spoils_nothing():
    boxes, present = one_photo((2, 2, 62, 62), (8, 8, 8, 8))  # on a fine anchor's centre
    alone = match_atss(boxes[:, :1], present[:, :1], ~present[:, :1], PYRAMID, LEVELS)
    anchors = PYRAMID.clone()
    matched = match_atss(boxes, present, ~present, anchors, LEVELS)
    assert (alone == 0).any()
    assert torch.equal(matched, alone)


@pytest.mark.parametrize("width", [1, 7])
def test_atss_padding_changes_nothing(width):
    boxes, present = random_photos(4)
    none = torch.zeros_like(present)
    wide = torch.cat([boxes, torch.zeros(3, width, 4)], 1)
    mask = torch.cat([present, torch.zeros(3, width, dtype=torch.bool)], 1)
    matched = match_atss(boxes, present, none, PYRAMID, LEVELS)
    padded = match_atss(wide, mask, torch.zeros_like(mask), PYRAMID, LEVELS)
    assert (matched >= 0).any()
    assert torch.equal(padded, matched)


@pytest.mark.parametrize("pairs", [1, 250, 10**9])
def test_how_many_photos_at_once_changes_nothing(monkeypatch, pairs):
    boxes, present = random_photos(5, photos=7)
    some = present & (torch.arange(present.shape[1]) % 2 == 0)
    expected = match_iou(boxes, present, PYRAMID, 0.4)
    adaptive = match_atss(boxes, present, some, PYRAMID, LEVELS)
    assert (expected >= 0).any() and (adaptive >= 0).any() and (adaptive == IGNORE).any()
    monkeypatch.setattr(matching, "_CACHED_PAIRS", pairs)
    assert torch.equal(match_iou(boxes, present, PYRAMID, 0.4), expected)
    assert torch.equal(match_atss(boxes, present, some, PYRAMID, LEVELS), adaptive)


def test_distances_are_those_of_cdist():
    points, centres = torch.rand(3, 5, 2) * 64, torch.rand(21, 2) * 64
    found = matching._distances(points, centres)
    torch.testing.assert_close(found, torch.cdist(points, centres.expand(3, -1, -1)))
    assert matching._distances(torch.zeros(1, 1, 2), torch.tensor([[3.0, 4.0]])).item() == 5
