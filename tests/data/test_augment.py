"""One matrix moves pixels and boxes: marks drawn at a box's corners go where the box goes."""

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.testing import assert_close

from pipeline.data.augment import (
    change_lighting_,
    hardly_visible,
    random_lighting,
    random_matrices,
    warp_boxes,
    warp_images,
)
from pipeline.params.train import AugmentParams

OFF = AugmentParams(flip=0.0, rotate=0.0, crop=1.0, zoom_out=1.0, lighting=0.0)
SIDE = 64
SPREAD = 1.5  # of a mark, in pixels


def matrices(batch=1, seed=0, **change):
    generator = torch.Generator().manual_seed(seed)
    return random_matrices(batch, generator, OFF.model_copy(update=change))


def by_hand(*rows):
    return torch.tensor([[*rows, [0.0, 0.0, 1.0]]])


def boxes_of(*rows):
    return torch.tensor([rows]).float()


def test_photo_without_boxes():
    boxes, visible = warp_boxes(torch.zeros(2, 0, 4), matrices(2, rotate=3.0, crop=0.5), 32)
    assert boxes.shape == (2, 0, 4)
    assert visible.shape == (2, 0)
    assert hardly_visible(boxes, visible).shape == (2, 0)


@pytest.mark.parametrize("change", [{}, {"flip": 1.0, "rotate": 45.0, "crop": 0.5}])
@pytest.mark.parametrize(
    "empty", [(0, 0, 0, 0), (0.5, 0.5, 0.5, 0.5), (0.3, 0.2, 0.3, 0.8), (0.2, 0.3, 0.8, 0.3)]
)
def test_box_without_area_is_never_visible(change, empty):
    moved, visible = warp_boxes(boxes_of(empty).repeat(20, 1, 1), matrices(20, **change), 100)
    assert visible.eq(0).all()
    assert hardly_visible(moved, visible).all()
    assert moved.isfinite().all()


def test_neutral_parameters_leave_pixels_and_boxes():
    still = matrices(8)
    assert_close(still, torch.eye(3).expand(8, 3, 3), rtol=0, atol=0)
    images = torch.rand(8, 3, SIDE, SIDE)
    assert_close(warp_images(images, still, SIDE), images, rtol=0, atol=1e-4)
    boxes = boxes_of((0.25, 0.5, 0.75, 1), (0, 0, 1, 1)).expand(8, 2, 4)
    moved, visible = warp_boxes(boxes, still, SIDE)
    assert_close(moved, boxes * SIDE, rtol=0, atol=0)
    assert_close(visible, torch.ones(8, 2), rtol=0, atol=0)


def test_mirror_by_hand():
    mirror = matrices(flip=1.0)
    moved, visible = warp_boxes(boxes_of((0.1, 0.2, 0.4, 0.6)), mirror, 100)
    assert_close(moved, boxes_of((60, 20, 90, 60)))
    assert_close(visible, torch.ones(1, 1))
    images = torch.rand(1, 3, SIDE, SIDE)
    assert_close(warp_images(images, mirror, SIDE), images.flip(-1), rtol=0, atol=1e-4)


def test_quarter_turn_by_hand():
    # x' = -y, y' = x: what was on the right is below.
    turn = by_hand([0.0, -1.0, 0.0], [1.0, 0.0, 0.0])
    moved, _ = warp_boxes(boxes_of((0.7, 0.0, 1.0, 0.2)), turn, 100)
    assert_close(moved, boxes_of((80, 70, 100, 100)))
    images = torch.rand(1, 3, SIDE, SIDE)
    turned = images.rot90(-1, (2, 3))
    assert_close(warp_images(images, turn, SIDE), turned, rtol=0, atol=1e-4)


def test_what_is_left_of_a_box_by_hand():
    # Half a frame to the right; the second box is wholly outside, the third wholly inside.
    shift = by_hand([1.0, 0.0, 1.0], [0.0, 1.0, 0.0])
    boxes = boxes_of((0.25, 0, 0.75, 1), (0.6, 0, 0.9, 1), (0, 0.5, 0.5, 1))
    moved, visible = warp_boxes(boxes, shift, 100)
    assert_close(moved, boxes_of((75, 0, 100, 100), (100, 0, 100, 100), (50, 50, 100, 100)))
    assert_close(visible, torch.tensor([[0.5, 0.0, 1.0]]))


def test_outside_of_the_photo_is_the_mean_colour():
    half = by_hand([0.5, 0.0, 0.0], [0.0, 0.5, 0.0])
    shrunk = warp_images(torch.ones(1, 3, SIDE, SIDE), half, SIDE)
    assert shrunk[..., : SIDE // 4 - 1, :].eq(0).all()
    assert_close(shrunk[..., SIDE // 2, SIDE // 2], torch.ones(1, 3))
    assert_close(shrunk.mean(), torch.tensor(0.25), rtol=0, atol=0.02)


@pytest.mark.parametrize("size", [32, 96])
def test_result_has_the_wanted_size(size):
    assert warp_images(torch.rand(2, 3, SIDE, SIDE), matrices(2), size).shape == (2, 3, size, size)
    moved, _ = warp_boxes(boxes_of((0, 0, 0.5, 1)), matrices(), size)
    assert_close(moved, boxes_of((0, 0, size / 2, size)))


def drawn_corners(box):
    """Return four images, each with a bright mark on one corner of a box in pixel edges."""
    centre = torch.arange(SIDE) + 0.5  # pixel i lies between the edges i and i + 1
    marks = []
    for x, y in box[[0, 1, 2, 1, 2, 3, 0, 3]].view(4, 2):
        column, row = torch.exp(-((torch.stack([centre - x, centre - y]) / SPREAD) ** 2) / 2)
        marks.append((row[:, None] * column).expand(3, -1, -1))
    return torch.stack(marks)


def found_marks(images):
    """Return the centre of brightness `(B, 2)` of each image as x and y in pixel edges."""
    light = images.mean(1)
    along = torch.arange(images.shape[-1]) + 0.5
    total = light.sum((1, 2))
    return (
        torch.stack([(light.sum(1) * along).sum(1), (light.sum(2) * along).sum(1)], -1)
        / (total[:, None])
    )


share = st.floats(0.2, 0.45)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    flip=st.sampled_from([0.0, 0.5, 1.0]),
    rotate=st.floats(0, 45),
    crop=st.floats(0.6, 1),
    zoom_out=st.floats(1, 2),
    corner=st.tuples(share, share),
    sides=st.tuples(st.floats(0.1, 0.4), st.floats(0.1, 0.4)),
    size=st.sampled_from([48, 64, 96]),
)
def test_marks_on_the_corners_are_found_where_the_box_went(
    seed, flip, rotate, crop, zoom_out, corner, sides, size
):
    box = torch.tensor([*corner, corner[0] + sides[0], corner[1] + sides[1]])
    change = matrices(1, seed, flip=flip, rotate=rotate, crop=crop, zoom_out=zoom_out)
    corners = box[[0, 1, 2, 1, 2, 3, 0, 3]].view(1, 4, 2)
    wanted = torch.cat([box.view(1, 1, 4), torch.cat([corners, corners], -1)], 1)
    moved = warp_boxes(wanted, change, size)[0][0]
    points = moved[1:, :2]
    margin = 4 * SPREAD * size / SIDE / crop
    assume(bool((points > margin).all() and (points < size - margin).all()))
    warped = warp_images(drawn_corners(box * SIDE), change.expand(4, 3, 3), size)
    found = found_marks(warped)
    assert_close(found, points, rtol=0, atol=1)  # corner by corner
    hull = torch.cat([found.amin(0), found.amax(0)])
    assert_close(hull, moved[0], rtol=0, atol=1)


def test_rotation_is_half_of_the_time_and_within_the_degrees():
    turns = matrices(4000, rotate=3.0)
    degrees = torch.atan2(turns[:, 1, 0], turns[:, 0, 0]).rad2deg()
    assert 0.46 < (degrees != 0).float().mean() < 0.54
    assert degrees.abs().max() <= 3 + 1e-4
    assert degrees.max() > 2.9
    assert degrees.min() < -2.9
    # A rotation keeps lengths: nothing is scaled or sheared.
    assert_close(turns[:, :2, :2] @ turns[:, :2, :2].mT, torch.eye(2).expand(4000, 2, 2))


@pytest.mark.parametrize("flip", [0.0, 0.25, 1.0])
def test_mirror_has_its_probability(flip):
    mirrored = matrices(4000, flip=flip)[:, 0, 0] < 0
    assert abs(mirrored.float().mean() - flip) < 0.03


def test_crop_is_half_of_the_time_and_shows_nothing_but_photo():
    crops = matrices(2000, crop=0.5)
    scale = crops[:, [0, 1], [0, 1]]
    assert 0.46 < (scale > 1).any(1).float().mean() < 0.54
    assert scale.max() <= 2 + 1e-4  # half a side is kept at least
    assert scale.max() > 1.9
    edges = warp_boxes(torch.tensor([[[0.0, 0, 1, 1]]]).expand(2000, 1, 4), crops, 100)[0]
    assert_close(edges, torch.tensor([[[0.0, 0, 100, 100]]]).expand(2000, 1, 4))
    assert crops[:, 0, 2].max() > 0.8  # the window reaches either side of the photo
    assert crops[:, 0, 2].min() < -0.8


def test_zoom_out_is_half_of_the_time_and_keeps_the_whole_photo():
    zooms = matrices(2000, zoom_out=2.0)
    scale = zooms[:, [0, 1], [0, 1]]
    assert 0.46 < (scale < 1).any(1).float().mean() < 0.54
    assert 0.5 - 1e-4 <= scale.min() < 0.53
    assert_close(scale[:, 0], scale[:, 1])
    _, visible = warp_boxes(torch.tensor([[[0.0, 0, 1, 1]]]).expand(2000, 1, 4), zooms, 100)
    assert_close(visible, torch.ones(2000, 1), rtol=0, atol=1e-4)


def test_crop_and_zoom_out_exclude_each_other():
    scale = matrices(2000, crop=0.5, zoom_out=2.0)[:, [0, 1], [0, 1]]
    cropped, zoomed = (scale > 1).any(1), (scale < 1).any(1)
    assert not (cropped & zoomed).any()
    assert abs(cropped.float().mean() - 0.5) < 0.04
    assert abs(zoomed.float().mean() - 0.25) < 0.04


@pytest.mark.parametrize(
    ("box", "visible", "hidden"),
    [
        ((0, 0, 0, 0), 0.0, True),
        ((0, 0, 10, 10), 0.29, True),
        ((0, 0, 10, 10), 0.31, False),
        ((0, 0, 1.9, 50), 1.0, True),
        ((0, 0, 50, 1.9), 1.0, True),
        ((5, 5, 7, 7), 1.0, False),
    ],
)
def test_hardly_visible(box, visible, hidden):
    assert hardly_visible(boxes_of(box), torch.tensor([[visible]])).item() is hidden


def light(images, seed=0, strength=0.5):
    factors = random_lighting(len(images), torch.Generator().manual_seed(seed), strength)
    return change_lighting_(images.clone(), factors)


def test_no_lighting_changes_nothing():
    assert random_lighting(2, torch.Generator(), 0) is None
    images = torch.rand(2, 3, 8, 8)
    assert_close(change_lighting_(images.clone(), torch.ones(3, 2)), images)


def test_lighting_by_hand():
    # One photo of two pixels, grey .4 and .6: brightness x 1.2, contrast x .5, saturation x 2.
    image = torch.tensor([[0.5, 0.6], [0.4, 0.6], [0.3, 0.6]]).view(1, 3, 1, 2)
    lit = change_lighting_(image, torch.tensor([[1.2], [0.5], [2.0]]))
    # Saturation: .6 .4 .2 and .6 .6 .6; contrast about .5: .55 .45 .35 and .55 .55 .55.
    expected = torch.tensor([[0.66, 0.66], [0.54, 0.66], [0.42, 0.66]]).view(1, 3, 1, 2)
    assert_close(lit, expected)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 40))
def test_photos_are_sampled_where_torchs_own_grid_says(seed, size):
    change = matrices(2, seed, flip=0.5, rotate=30.0, crop=0.5, zoom_out=2.0)
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    grid = F.affine_grid(change.inverse()[:, :2], [2, 3, size, size], align_corners=False)
    expected = F.grid_sample(images, grid, align_corners=False)
    assert_close(warp_images(images, change, size), expected, rtol=0, atol=1e-4)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), strength=st.floats(0.01, 1))
def test_lighting_stays_within_range(seed, strength):
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    lit = light(images, seed, strength)
    assert lit.min() >= 0
    assert lit.max() <= 1
    assert not torch.equal(lit, images)


def test_lighting_of_a_flat_grey_photo_is_brightness_alone():
    lit = light(torch.full((500, 3, 4, 4), 0.5), strength=0.2)
    assert_close(lit, lit[:, :1, :1, :1].expand_as(lit))  # one number a photo
    assert 0.4 - 1e-6 <= lit.min() < 0.41
    assert 0.59 < lit.max() <= 0.6 + 1e-6


def test_lighting_changes_contrast_and_saturation_apart():
    ramp = torch.tensor([0.4, 0.6]).view(1, 1, 1, 2).expand(500, 3, 1, 2)
    lit = light(ramp, strength=0.5)
    contrast = ((lit[..., 1] - lit[..., 0]) / lit.mean(-1) / 0.4)[:, 0, 0]
    colour = torch.tensor([0.6, 0.5, 0.4]).view(1, 3, 1, 1).expand(500, 3, 1, 2)
    lit = light(colour, strength=0.5)
    # Contrast is told from the photo's grey mean, so colours fade with it as well.
    saturation = ((lit[:, 0] - lit[:, 2]) / lit.mean(1) / 0.4)[:, 0, 0] / contrast
    for change in (contrast, saturation):
        assert 0.5 - 1e-3 <= change.min() < 0.55
        assert 1.45 < change.max() <= 1.5 + 1e-3
    assert torch.stack([contrast, saturation]).corrcoef()[0, 1].abs() < 0.2


def test_equal_seeds_give_equal_results():
    change = {"flip": 0.5, "rotate": 10.0, "crop": 0.5, "zoom_out": 2.0}
    assert torch.equal(matrices(16, 3, **change), matrices(16, 3, **change))
    assert not torch.equal(matrices(16, 3, **change), matrices(16, 4, **change))
    images = torch.rand(4, 3, 8, 8)
    assert torch.equal(light(images, 3), light(images, 3))
    assert not torch.equal(light(images, 3), light(images, 4))


def test_rotation_makes_the_hull_grow():
    angle = math.radians(45)
    cos, sin = math.cos(angle), math.sin(angle)
    turn = by_hand([cos, -sin, 0.0], [sin, cos, 0.0])
    moved, visible = warp_boxes(boxes_of((0.4, 0.4, 0.6, 0.6)), turn, 100)
    reach = 10 * math.sqrt(2)
    assert_close(moved, boxes_of((50 - reach, 50 - reach, 50 + reach, 50 + reach)))
    assert_close(visible, torch.ones(1, 1))
