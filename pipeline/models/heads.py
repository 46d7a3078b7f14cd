"""Step 5: the three heads for the largest object of a photo."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.models.backbone import Backbone


class LargestObjectModel(nn.Module):
    """A backbone and a head that speaks of one object only.

    `forward` takes normalised images `(B, 3, S, S)` and returns a dict with `cls_logits` `(B, C)`
    and/or `boxes` `(B, 4)` xyxy in input pixels, each coordinate in 0..S.
    """

    def __init__(self, backbone: Backbone, head: nn.Module):
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return what the head makes of the last feature map."""
        return self.read(self.features(images), images.shape[-1])

    def features(self, images: Tensor) -> list[Tensor]:
        """Return what the backbone makes of images: its last map, alone in a list."""
        return [self.backbone(images)]

    def read(self, features: list[Tensor], image_size: int) -> dict[str, Tensor]:
        """Return the outputs of images of which these are the features."""
        return self.head(features[0], image_size)


class ClassifierHead(nn.Module):
    """What: pooled features to one linear layer."""

    def __init__(self, in_channels: int, num_classes: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(in_channels, num_classes),
        )

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `cls_logits` `(B, C)` of features `(B, channels, side, side)`."""
        return {"cls_logits": self.layers(features)}


class WideLinear(nn.Linear):
    """A linear layer of unit-scale weights: `y = x W / sqrt(n) + b` for n inputs.

    It computes what a plain layer does. But an adaptive optimizer moves every weight by the
    learning rate, and in a plain layer tens of thousands of such moves add up to a jump; here one
    rate suits narrow and wide layers (arXiv:2011.14522, NTK parametrisation).
    """

    def reset_parameters(self) -> None:
        """Draw weights from N(0, 1), biases 0."""
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return `(B, out)` of inputs `(B, n)`."""
        return F.linear(inputs, self.weight / math.sqrt(self.in_features), self.bias)


class BoxHead(nn.Module):
    """Where: flattened features to one linear layer, a sigmoid, times the image's side.

    Not pooled: pooling would throw away where things are (lesson 8, "bbox only").
    """

    def __init__(self, in_channels: int, side: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), WideLinear(in_channels * side * side, 4)
        )

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` of features `(B, channels, side, side)`."""
        return {"boxes": _boxes(self.layers, features, image_size)}


class CombinedHead(nn.Module):
    """Both at once: what from pooled features, where from one hidden layer of flattened ones.

    The lesson reads both from that hidden layer (lesson 9, `head_reg4`). Its 16 million weights
    learn 2000 photos' classes by heart: .776 of val right, against .824 with a branch of its own
    (`docs/results.md`). Layer norm stands where the lesson has batch norm: in a batch of 16 the
    other photos' features shake a box by several pixels.
    """

    hidden = 256

    def __init__(self, in_channels: int, side: int, num_classes: int, dropout: float):
        super().__init__()
        self.box = nn.Sequential(
            nn.Flatten(),
            nn.ReLU(),
            WideLinear(in_channels * side * side, self.hidden),
            nn.ReLU(),
            nn.LayerNorm(self.hidden),
            nn.Linear(self.hidden, 4),
        )
        self.cls = ClassifierHead(in_channels, num_classes, dropout)

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` and `cls_logits` `(B, C)`."""
        boxes = _boxes(self.box[-1], self.box[:-1](features), image_size)
        return {"boxes": boxes, **self.cls(features, image_size)}


def _boxes(layers: nn.Module, inputs: Tensor, image_size: int) -> Tensor:
    """Return `layers`, a sigmoid, times the side, in float32: bfloat16 has steps of a pixel."""
    with torch.autocast(inputs.device.type, enabled=False):
        return layers(inputs.float()).sigmoid() * image_size
