"""Step 5: the three heads for the largest object of a photo."""

from torch import Tensor, nn

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
        return self.head(self.backbone(images), images.shape[-1])


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


class BoxHead(nn.Module):
    """Where: flattened features to one linear layer, a sigmoid, times the image's side.

    Not pooled: pooling would throw away where things are (lesson 8, "bbox only").
    """

    def __init__(self, in_channels: int, side: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(in_channels * side * side, 4)
        )

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` of features `(B, channels, side, side)`."""
        return {"boxes": self.layers(features).sigmoid() * image_size}


class CombinedHead(nn.Module):
    """Both at once: one hidden layer, then 4 + C numbers (lesson 9, `head_reg4`)."""

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
            nn.Linear(self.hidden, 4 + num_classes),
        )

    def forward(self, features: Tensor, image_size: int) -> dict[str, Tensor]:
        """Return `boxes` `(B, 4)` and `cls_logits` `(B, C)`."""
        outputs = self.layers(features)
        return {"boxes": outputs[:, :4].sigmoid() * image_size, "cls_logits": outputs[:, 4:]}
