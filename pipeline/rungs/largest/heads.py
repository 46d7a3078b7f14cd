"""The three heads for the largest object of a photo."""

import torch
from torch import Tensor, nn

# Added to the share of votes so that a class without any is not ruled out: 1 % of a cell in 100.
_MIN_SHARE = 1e-4


class ClassifierHead(nn.Module):
    """What: every cell votes for a class or for none; pooled features then correct the result.

    The largest object is the one that covers most cells. A linear layer over pooled features
    cannot tell many weak cells from a few strong ones; the share of votes can (an accuracy of .862
    against .849 on VOC's val with the same frozen features, `docs/experiments.md`).
    """

    def __init__(self, in_channels: int, num_classes: int, dropout: float):
        super().__init__()
        # Drops whole channels: single activations take 20 times as long to draw, for no gain.
        self.dropout = nn.Dropout2d(dropout)
        self.vote = nn.Conv2d(in_channels, num_classes + 1, 1)  # the last one means no class
        self.pooled = nn.Linear(in_channels, num_classes)

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `cls_logits` `(B, C)` of features `(B, channels, rows, columns)`."""
        votes = self.vote(self.dropout(features)).float().softmax(1)
        shares = votes[:, :-1].mean((2, 3))
        pooled = self.dropout(features.float().mean((2, 3), keepdim=True)).flatten(1)
        logits = in_float32(self.pooled, pooled)
        return {"cls_logits": (shares + _MIN_SHARE).log() + logits}


class BoxHead(nn.Module):
    """Where: every cell predicts the box relative to its own centre, and a weight.

    The box is the mean of the cells' boxes, weighted by a softmax over the cells. Convolutions are
    translation equivariant; the lesson's linear layer over all flattened cells has to learn an
    object at each place separately, and overfits 2000 photos instead (`docs/experiments.md`).
    """

    hidden = 128

    def __init__(self, in_channels: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout2d(dropout),
            nn.Conv2d(in_channels, self.hidden, 1, bias=False),
            nn.GroupNorm(self.hidden // 8, self.hidden),
            nn.SiLU(),
            nn.Conv2d(self.hidden, self.hidden, 3, padding=1, bias=False),
            nn.GroupNorm(self.hidden // 8, self.hidden),
            nn.SiLU(),
        )
        self.last = nn.Conv2d(self.hidden, 5, 3, padding=1)

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` of features `(B, channels, side, side)`."""
        numbers = in_float32(self.last, self.layers(features))
        reach, worth = numbers[:, :4].sigmoid(), numbers[:, 4:]  # to left, top, right, bottom
        centres = _cell_centres(numbers)
        boxes = torch.cat([centres - reach[:, :2], centres + reach[:, 2:]], 1)  # shares of the side
        weights = worth.flatten(2).softmax(2)
        return {"boxes": (boxes.clamp(0, 1).flatten(2) * weights).sum(2) * image_size}


class CombinedHead(nn.Module):
    """Both at once: a `ClassifierHead` and a `BoxHead` side by side.

    The lesson reads both from one hidden layer (`LessonCombinedHead`). Its 16 million weights
    overfit the classes of 2000 photos: an accuracy of .776 on val, against .824 with a separate
    branch (`docs/experiments.md`).
    """

    def __init__(self, in_channels: int, num_classes: int, dropout: float):
        super().__init__()
        self.box = BoxHead(in_channels, dropout)
        self.cls = ClassifierHead(in_channels, num_classes, dropout)

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` and `cls_logits` `(B, C)`."""
        return {**self.box(features, image_size), **self.cls(features, image_size)}


def _cell_centres(maps: Tensor) -> Tensor:
    """Return the centre x and y `(2, rows, columns)` of every cell, as shares of the side."""
    rows, columns = maps.shape[-2:]
    y = (torch.arange(rows, device=maps.device) + 0.5) / rows
    x = (torch.arange(columns, device=maps.device) + 0.5) / columns
    return torch.stack(torch.meshgrid(x, y, indexing="xy"))


def in_float32(layers: nn.Module, inputs: Tensor) -> Tensor:
    """Return `layers(inputs)` outside of autocast: bfloat16 has steps of a whole pixel."""
    with torch.autocast(inputs.device.type, enabled=False):
        return layers(inputs.float())
