"""The lesson's SSD on coarse grids, and ours on a feature pyramid.

Both return `cls_logits` `(B, A, C)` and `boxes` `(B, A, 4)` xyxy in input pixels, decoded but not
clipped. There is no background column: an anchor whose logits are all low is background.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.errors import InputError
from pipeline.models.backbone import Backbone
from pipeline.rungs.rung import RungModel
from pipeline.rungs.ssd.anchors import decode_boxes, decode_tanh, grid_anchors, lesson_sizes

_LESSON_CHANNELS = 256
# Focal loss, arXiv:1708.02002 section 3.3: at the start every anchor is an object with p = 0.01.
_PRIOR_BIAS = -math.log((1 - 0.01) / 0.01)


def flatten_cells(maps: Tensor, numbers: int) -> Tensor:
    """Return `(B, rows * columns * k, numbers)` of maps `(B, k * numbers, rows, columns)`.

    Channel `j * numbers + i` of cell (r, c) becomes number i of anchor `(r * columns + c) * k + j`.
    """
    # Not `len`: torch.export would make it a constant, and the batch size is dynamic.
    return maps.permute(0, 2, 3, 1).reshape(maps.shape[0], -1, numbers)


class StdConv(nn.Sequential):
    """The lesson's block: convolution, ReLU, batch norm *after* it, dropout."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, dropout: float):
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1),
            nn.ReLU(),
            nn.BatchNorm2d(out_channels),
            nn.Dropout(dropout),
        )


class OutConv(nn.Module):
    """Class logits and box regressions of one grid with k anchors per cell."""

    def __init__(self, in_channels: int, k: int, num_classes: int, bias: float):
        super().__init__()
        self.num_classes = num_classes
        self.cls = nn.Conv2d(in_channels, k * num_classes, 3, padding=1)
        self.box = nn.Conv2d(in_channels, k * 4, 3, padding=1)
        self.cls.bias = nn.Parameter(torch.full((k * num_classes,), bias))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return `(B, cells * k, C)` and `(B, cells * k, 4)`."""
        return (
            flatten_cells(self.cls(features), self.num_classes),
            flatten_cells(self.box(features), 4),
        )


class GridSsd(RungModel):
    """The lesson's SSD: the last feature map, shrunk to 4x4 (and 2x2, 1x1).

    Args:
        backbone: gives the last map; its side must be 4, 7 or 8.
        image_size: side S of the input.
        num_classes: C.
        grids: `[4]` or `[4, 2, 1]`.
        zooms, ratios: the anchors of a cell, see `lesson_sizes`.
        class_bias: initial bias of the class logits.
        dropout: after the backbone.
        block_dropout: in every block.
        tanh: decode boxes as the lesson does, which leaves many out of reach; else as SSD does.
    """

    anchors: Tensor
    cells: Tensor

    def __init__(
        self,
        backbone: Backbone,
        image_size: int,
        num_classes: int,
        grids: Sequence[int],
        zooms: Sequence[float],
        ratios: Sequence[tuple[float, float]],
        class_bias: float,
        dropout: float,
        block_dropout: float,
        tanh: bool,
    ):
        super().__init__()
        self.tanh = tanh
        k = len(zooms) * len(ratios)
        self.backbone = backbone
        self.stem = nn.Sequential(
            nn.ReLU(),
            nn.Dropout(dropout),
            StdConv(backbone.num_features, _LESSON_CHANNELS, 1, block_dropout),
        )
        strides = [self._first_stride(image_size), *[2] * (len(grids) - 1)]
        self.blocks = nn.ModuleList(
            StdConv(_LESSON_CHANNELS, _LESSON_CHANNELS, stride, block_dropout) for stride in strides
        )
        self.outs = nn.ModuleList(
            OutConv(_LESSON_CHANNELS, k, num_classes, class_bias) for _ in grids
        )
        sizes = lesson_sizes(image_size, grids, zooms, ratios)
        cells = torch.cat([torch.full((g * g * k,), image_size / g) for g in grids])
        self.register_buffer("anchors", grid_anchors(image_size, grids, sizes), persistent=False)
        self.register_buffer("cells", cells, persistent=False)

    @staticmethod
    def _first_stride(image_size: int) -> int:
        side = math.ceil(image_size / 32)
        if side not in (4, 7, 8):
            raise InputError(
                f"image_size = {image_size}: a 4x4 grid needs a last map of 4, 7 or 8 "
                f"cells, this gives {side}; use 128, 224 or 256"
            )
        return 1 if side == 4 else 2

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the backbone's last map, alone in a list."""
        return [self.backbone(images)]

    def read(self, features: list[Tensor], image_size: int) -> dict[str, Tensor]:
        """Return the outputs for features of images of side `image_size`."""
        grid = self.stem(features[0])
        logits, regressions = [], []
        for block, out in zip(self.blocks, self.outs, strict=True):
            grid = block(grid)
            cls_logits, bbox_regression = out(grid)
            logits.append(cls_logits)
            regressions.append(bbox_regression)
        boxes = self._decode(torch.cat(regressions, 1).float())
        return {"cls_logits": torch.cat(logits, 1).float(), "boxes": boxes}

    def anchors_for(self, image_size: int) -> Tensor:
        """Return the anchors, which the grids fix to the one image size of the model."""
        return self.anchors

    def _decode(self, bbox_regression: Tensor) -> Tensor:
        if self.tanh:
            return decode_tanh(bbox_regression, self.anchors, self.cells)
        return decode_boxes(bbox_regression, self.anchors)


class FeaturePyramid(nn.Module):
    """Five maps of equal width at strides 8 to 128 (FPN, arXiv:1612.03144, with P6 and P7)."""

    def __init__(self, in_channels: Sequence[int], channels: int):
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        self.smooth = nn.ModuleList(_conv_norm(channels, 1) for _ in in_channels)
        self.coarser = nn.ModuleList(_conv_norm(channels, 2) for _ in range(2))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Return the maps, finest first."""
        maps = [lateral(features) for lateral, features in zip(self.lateral, maps, strict=True)]
        for coarse, fine in pairwise(reversed(range(len(maps)))):
            maps[fine] = maps[fine] + F.interpolate(maps[coarse], size=maps[fine].shape[-2:])
        maps = [smooth(features) for smooth, features in zip(self.smooth, maps, strict=True)]
        for coarser in self.coarser:
            maps.append(coarser(maps[-1]))
        return maps


class PyramidSsd(RungModel):
    """SSD on a feature pyramid: one anchor per cell, one head shared by all levels.

    The head has group norm: batch norm would mix the statistics of levels that differ.

    Args:
        backbone: gives maps at strides 8, 16 and 32.
        image_size: side S of the input; other sizes work too.
        num_classes: C.
        channels: width of the pyramid and the head.
        anchor_scale: side of an anchor in strides of its level.
        dropout: before the last layer.
    """

    anchors: Tensor
    strides = (8, 16, 32, 64, 128)

    def __init__(
        self,
        backbone: Backbone,
        image_size: int,
        num_classes: int,
        channels: int,
        anchor_scale: float,
        dropout: float,
    ):
        super().__init__()
        backbone.keep_pyramid()
        self.backbone = backbone
        self.num_classes = num_classes
        self.neck = FeaturePyramid(backbone.pyramid_channels, channels)
        self.tower = nn.Sequential(_conv_norm(channels, 1), _conv_norm(channels, 1))
        self.dropout = nn.Dropout2d(dropout)
        self.cls = nn.Conv2d(channels, num_classes, 3, padding=1)
        self.box = nn.Conv2d(channels, 4, 3, padding=1)
        nn.init.normal_(self.cls.weight, std=0.01)
        self.cls.bias = nn.Parameter(torch.full((num_classes,), _PRIOR_BIAS))
        nn.init.normal_(self.box.weight, std=0.01)
        self.level_scale = nn.Parameter(torch.ones(len(self.strides)))
        self.image_size, self.anchor_scale = image_size, anchor_scale
        anchors, self.level_sizes = self._cells(image_size)
        self.register_buffer("anchors", anchors, persistent=False)
        self._other_sizes: dict[tuple[int, torch.device], tuple[Tensor, list[int]]] = {}

    def anchors_at(self, image_size: int) -> tuple[Tensor, list[int]]:
        """Return the anchors `(A, 4)` of images of this size, and how many each level has."""
        if image_size == self.image_size:
            return self.anchors, self.level_sizes
        wanted = image_size, self.anchors.device
        if wanted not in self._other_sizes:
            anchors, level_sizes = self._cells(image_size)
            self._other_sizes[wanted] = anchors.to(self.anchors.device), level_sizes
        return self._other_sizes[wanted]

    def anchors_for(self, image_size: int) -> Tensor:
        """Return the anchors `(A, 4)` of images of this size."""
        return self.anchors_at(image_size)[0]

    def _cells(self, image_size: int) -> tuple[Tensor, list[int]]:
        # In steps of the stride for any image size, like convolutions, so that what is learnt at
        # one size holds at another. The last cells may extend beyond the image.
        levels, level_sizes = [], []
        for stride in self.strides:
            grid, side = math.ceil(image_size / stride), self.anchor_scale * stride
            levels.append(grid_anchors(grid * stride, [grid], [[(side, side)]]))
            level_sizes.append(grid * grid)
        return torch.cat(levels), level_sizes

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the backbone's maps at strides 8, 16 and 32."""
        return self.backbone.pyramid(images)

    def read(self, features: list[Tensor], image_size: int) -> dict[str, Tensor]:
        """Return the outputs for features of images of side `image_size`."""
        logits, regressions = [], []
        for level, scale in zip(self.neck(features), self.level_scale, strict=True):
            level = self.tower(level)
            logits.append(flatten_cells(self.cls(self.dropout(level)), self.num_classes))
            regressions.append(flatten_cells(self.box(level) * scale, 4))
        anchors, _ = self.anchors_at(image_size)
        boxes = decode_boxes(torch.cat(regressions, 1).float(), anchors)
        return {"cls_logits": torch.cat(logits, 1).float(), "boxes": boxes}


def _conv_norm(channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False),
        nn.GroupNorm(channels // 8, channels),
        nn.SiLU(),
    )
