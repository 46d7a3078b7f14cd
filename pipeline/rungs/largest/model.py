"""The network of the rungs for the largest object: a backbone with a head on its last map."""

from torch import Tensor, nn

from pipeline.models.backbone import Backbone
from pipeline.rungs.rung import Outputs, RungModel


class LargestObjectModel(RungModel):
    """A backbone and a head that predicts one object.

    The outputs are `cls_logits` `(B, C)` and/or `boxes` `(B, 4)` xyxy in input pixels, each
    coordinate in 0..S; the lesson's box head is not bounded.
    """

    def __init__(self, backbone: Backbone, head: nn.Module):
        super().__init__()
        self.backbone = backbone
        self.head = head

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the backbone's last map, alone in a list."""
        return [self.backbone(images)]

    def read(self, features: list[Tensor], image_size: int) -> Outputs:
        """Return the head's outputs."""
        return self.head(features[0], image_size)
