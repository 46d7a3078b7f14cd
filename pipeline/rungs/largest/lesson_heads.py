"""The three heads as the lesson has them, to compare ours with.

Their sources are fastai 0.7's `ConvnetBuilder` and the notebooks of lessons 8 and 9. Inputs and
outputs are those of `heads.py`.
"""

import torch
from torch import Tensor, nn

from pipeline.rungs.largest.heads import in_float32


class LessonClassifierHead(nn.Module):
    """What: mean and maximum of each channel, then one hidden layer of 512."""

    hidden = 512

    def __init__(self, in_channels: int, num_classes: int, dropout: float):
        super().__init__()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.maximum = nn.AdaptiveMaxPool2d(1)
        self.layers = nn.Sequential(
            nn.BatchNorm1d(2 * in_channels),
            nn.Dropout(dropout / 2),
            nn.Linear(2 * in_channels, self.hidden),
            nn.ReLU(),
            nn.BatchNorm1d(self.hidden),
            nn.Dropout(dropout),
            nn.Linear(self.hidden, num_classes),
        )

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `cls_logits` `(B, C)` of features `(B, channels, side, side)`."""
        pooled = torch.cat([self.maximum(features), self.average(features)], 1).flatten(1)
        return {"cls_logits": self.layers(pooled)}


class LessonBoxHead(nn.Module):
    """Where: flattened features to one linear layer, whose outputs are unbounded pixels."""

    def __init__(self, in_channels: int, side: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(in_channels * side * side, 4))

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` of features `(B, channels, side, side)`."""
        return {"boxes": in_float32(self.layers, features)}


class LessonCombinedHead(nn.Module):
    """Both from one hidden layer of 256 over flattened features."""

    hidden = 256

    def __init__(self, in_channels: int, side: int, num_classes: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(in_channels * side * side, self.hidden),
            nn.ReLU(),
            nn.BatchNorm1d(self.hidden),
            nn.Dropout(dropout),
        )
        self.last = nn.Linear(self.hidden, 4 + num_classes)

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` and `cls_logits` `(B, C)`."""
        numbers = in_float32(self.last, self.layers(features))
        return {"boxes": numbers[:, :4].sigmoid() * image_size, "cls_logits": numbers[:, 4:]}
