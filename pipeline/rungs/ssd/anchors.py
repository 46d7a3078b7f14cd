"""The layout of anchors, and how boxes are decoded relative to them.

Anchors are xyxy in input pixels. Their order is the order in which a convolution's output is
flattened: level by level, row by row, cell by cell, and within a cell the anchors of that cell.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

# SSD's box coder, arXiv:1512.02325 and its published code: offsets are divided by these.
CENTRE_VARIANCE = 0.1
SIZE_VARIANCE = 0.2
# A side grows at most 62.5-fold, so that an early step cannot overflow.
_MAX_LOG_SIZE = math.log(1000 / 16)


def grid_anchors(
    image_size: int,
    grids: Sequence[int],
    sizes_wh: Sequence[Sequence[tuple[float, float]]],
) -> Tensor:
    """Return anchors `(A, 4)` xyxy in pixels, centred on the cells of several grids.

    Args:
        image_size: side S of the square input.
        grids: cells per side, level by level.
        sizes_wh: for each level the `(width, height)` in pixels of the k anchors of a cell.

    >>> grid_anchors(100, [2], [[(10, 20)]])[1].tolist()
    [70.0, 15.0, 80.0, 35.0]
    """
    levels = []
    for grid, sizes in zip(grids, sizes_wh, strict=True):
        centre = (torch.arange(grid) + 0.5) * image_size / grid
        y, x = torch.meshgrid(centre, centre, indexing="ij")
        centres = torch.stack([x, y], -1).reshape(-1, 1, 2)  # (grid * grid, 1, 2)
        half = torch.tensor(sizes) / 2  # (k, 2)
        levels.append(torch.cat([centres - half, centres + half], -1).reshape(-1, 4))
    return torch.cat(levels)


def lesson_sizes(
    image_size: int,
    grids: Sequence[int],
    zooms: Sequence[float],
    ratios: Sequence[tuple[float, float]],
) -> list[list[tuple[float, float]]]:
    """Return the lesson's anchor sizes of a cell: every zoom with every (width, height) ratio."""
    shapes = [(zoom * width, zoom * height) for zoom in zooms for width, height in ratios]
    return [
        [(width * image_size / grid, height * image_size / grid) for width, height in shapes]
        for grid in grids
    ]


def decode_tanh(bbox_regression: Tensor, anchors: Tensor, cells: Tensor) -> Tensor:
    """Return boxes `(B, A, 4)` as the lesson's `actn_to_bb` reads them.

    A centre moves by at most half a cell, a side becomes 0.5 to 1.5 times the anchor's.

    Args:
        bbox_regression: `(B, A, 4)` raw: centre x, centre y, width, height.
        anchors: `(A, 4)` xyxy in pixels.
        cells: `(A,)` side in pixels of each anchor's cell.
    """
    squashed = bbox_regression.tanh()
    centres, sizes = _centres_sizes(anchors)
    centres = centres + squashed[..., :2] / 2 * cells[:, None]
    half = sizes * (squashed[..., 2:] / 2 + 1) / 2
    return torch.cat([centres - half, centres + half], -1)


def decode_boxes(bbox_regression: Tensor, anchors: Tensor) -> Tensor:
    """Return boxes `(..., A, 4)` xyxy of SSD's offsets with variances (arXiv:1512.02325).

    Args:
        bbox_regression: `(..., A, 4)` raw: centre shift in anchor sides / 0.1, log of the size
            ratio / 0.2.
        anchors: `(A, 4)` xyxy in pixels.
    """
    centres, sizes = _centres_sizes(anchors)
    centres = centres + bbox_regression[..., :2] * CENTRE_VARIANCE * sizes
    log_size = (bbox_regression[..., 2:] * SIZE_VARIANCE).clamp(max=_MAX_LOG_SIZE)
    half = sizes * log_size.exp() / 2
    return torch.cat([centres - half, centres + half], -1)


def _centres_sizes(boxes: Tensor) -> tuple[Tensor, Tensor]:
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
