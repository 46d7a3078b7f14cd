"""One affine matrix per sample moves pixels and boxes together, so they cannot disagree.

A matrix maps homogeneous coordinates of the stored photo to those of the network's input. Both are
squares with corners (-1, -1) and (1, 1), as in `grid_sample` with `align_corners=False`.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.params.train import AugmentParams

# Below either of these, what augmentation has left of an object is ignored.
_MIN_VISIBLE = 0.3  # share of its area
_MIN_SIDE = 2  # input pixels


def random_matrices(batch: int, generator: torch.Generator, augment: AugmentParams) -> Tensor:
    """Return one random matrix `(B, 3, 3)` per sample: crop or zoom-out, then rotation, then flip.

    Half of the samples are cropped, half of the others zoomed out, and half of all rotated.

    Args:
        batch: B.
        generator: on the CPU; the only source of randomness.
        augment: how likely and how large the changes are.
    """
    crop, zoom_out, rotate = augment.crop, augment.zoom_out, augment.rotate
    chance = torch.rand(batch, 9, generator=generator)
    cropped = chance[:, 0] < (0.5 if crop < 1 else 0.0)
    zoomed = ~cropped & (chance[:, 1] < (0.5 if zoom_out > 1 else 0.0))
    kept = 1 - chance[:, 2:4] * (1 - crop)  # share of each side inside a crop
    canvas = (1 + chance[:, 4:5] * (zoom_out - 1)).expand(-1, 2)
    ones = torch.ones(batch, 2)
    window = torch.where(cropped[:, None], kept, torch.where(zoomed[:, None], canvas, ones))
    offset = (chance[:, 5:7] * 2 - 1) * (1 - window)  # centre of the window, anywhere legal
    angle = (chance[:, 7] * 4 - 1) * math.radians(rotate)
    angle = torch.where(angle.abs() <= math.radians(rotate), angle, torch.zeros(()))
    mirror = torch.where(chance[:, 8] < augment.flip, -1.0, 1.0)
    return _compose(1 / window, -offset / window, angle, mirror)


def _compose(scale: Tensor, shift: Tensor, angle: Tensor, mirror: Tensor) -> Tensor:
    """Return `mirror @ rotation @ (scale, shift)` as `(B, 3, 3)`."""
    matrices = torch.zeros(len(scale), 3, 3)
    cos, sin = angle.cos(), angle.sin()
    turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], 1)
    turn = turn * torch.stack([mirror, torch.ones_like(mirror)], -1)[:, :, None]
    matrices[:, :2, :2] = turn * scale[:, None, :]
    matrices[:, :2, 2] = (turn @ shift[:, :, None])[..., 0]
    matrices[:, 2, 2] = 1
    return matrices


def warp_images(images: Tensor, matrices: Tensor, size: int) -> Tensor:
    """Return images `(B, 3, size, size)` warped by `matrices`; 0 outside of the photo.

    Args:
        images: `(B, 3, S, S)`, shifted so that 0 is the mean colour.
        matrices: `(B, 3, 3)` on the device of the images.
        size: side of the result in pixels.
    """
    inverse = torch.linalg.inv_ex(matrices).inverse[:, :2].to(images)
    grid = _sampling_grid(inverse, size)
    return F.grid_sample(images, grid, mode="bilinear", align_corners=False)


def _sampling_grid(inverse: Tensor, size: int) -> Tensor:
    """Return the grid of `F.affine_grid`, `(B, size, size, 2)`, at one addition per pixel.

    Points are complex numbers: adding pairs along the last axis takes five times as long.
    """
    centre = (torch.arange(size, device=inverse.device) * 2 + 1) / size - 1
    columns = inverse[:, None, :, 0] * centre[:, None]  # (B, size, 2)
    rows = inverse[:, None, :, 1] * centre[:, None] + inverse[:, None, :, 2]
    points = torch.view_as_complex(columns)[:, None] + torch.view_as_complex(rows)[:, :, None]
    return torch.view_as_real(points)


def warp_boxes(boxes: Tensor, matrices: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return boxes `(B, N, 4)` warped by `matrices` and clipped, and how much of each is visible.

    A warped box is the axis-aligned hull of its four corners, so rotation makes boxes grow.

    Args:
        boxes: `(B, N, 4)` xyxy as shares of the photo's sides, 0..1.
        matrices: `(B, 3, 3)`.
        size: side of the result in pixels.

    Returns:
        boxes xyxy in pixels within 0..size, and `(B, N)` visible shares in 0..1 (0 for an empty
        box).
    """
    # Indexing with a list would copy it to the device in every batch, which synchronises.
    left, top, right, bottom = boxes.unbind(-1)
    clockwise = torch.stack([left, top, right, top, right, bottom, left, bottom], -1)
    corners = clockwise.unflatten(-1, (4, 2)) * 2 - 1  # (B, N, 4, 2)
    turn = matrices[:, None, :2, :2].transpose(-1, -2)  # (B, 1, 2, 2)
    moved = (corners @ turn + matrices[:, None, None, :2, 2] + 1) * (size / 2)
    hull = torch.cat([moved.amin(-2), moved.amax(-2)], -1)  # (B, N, 4)
    clipped = hull.clamp(0, size)
    whole = (hull[..., 2:] - hull[..., :2]).prod(-1)
    inside = (clipped[..., 2:] - clipped[..., :2]).prod(-1)
    # Of the boxes themselves, too: the hull of a rotated line has an area.
    filled = (boxes[..., 2:] > boxes[..., :2]).all(-1) & (whole > 0)
    return clipped, torch.where(filled, inside / whole.clamp(min=1e-9), 0.0)


def hardly_visible(boxes: Tensor, visible: Tensor) -> Tensor:
    """Return `(B, N)` True where so little of an object is left that it is ignored."""
    sides = boxes[..., 2:] - boxes[..., :2]
    return (visible < _MIN_VISIBLE) | (sides.amin(-1) < _MIN_SIDE)


def random_lighting(batch: int, generator: torch.Generator, strength: float) -> Tensor | None:
    """Return factors `(3, B)` of brightness, contrast and saturation; None if none change.

    Args:
        batch: B.
        generator: on the CPU.
        strength: largest relative change of each of the three, 0..1; 0 changes nothing.
    """
    if strength == 0:
        return None
    return 1 + (torch.rand(3, batch, generator=generator) * 2 - 1) * strength


def change_lighting_(images: Tensor, factors: Tensor) -> Tensor:
    """Change brightness, contrast and saturation in place and return the images, within 0..1.

    Args:
        images: `(B, 3, S, S)` in 0..1.
        factors: `(3, B)` of `random_lighting`, on the device of the images.
    """
    brightness, contrast, saturation = factors.view(3, -1, 1, 1, 1)
    grey = images.mean(1, keepdim=True)
    middle = grey.mean((2, 3), keepdim=True)
    # Saturation, then contrast, then brightness, in one linear step to save passes over the pixels.
    shift = grey.mul_(1 - saturation).mul_(contrast).add_(middle * (1 - contrast)).mul_(brightness)
    return images.mul_(saturation * contrast * brightness).add_(shift).clamp_(0, 1)
