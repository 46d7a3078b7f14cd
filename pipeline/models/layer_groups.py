"""The three groups of layers that phases of training freeze and unfreeze."""

from torch import nn

from pipeline.models.backbone import Backbone

GROUPS = ("head", "late", "early")


class LayerGroups:
    """The layers of a rung's model as `head`, `late` and `early` (see `backbone.py`).

    Args:
        model: contains the backbone; everything else is its head.
        backbone: of the model.

    Attributes:
        parameters: of each group.
    """

    def __init__(self, model: nn.Module, backbone: Backbone):
        self.model = model
        self.backbone = backbone
        self._early = backbone.early_modules()
        early = {id(p) for module in self._early for p in module.parameters()}
        body = {id(p) for p in backbone.parameters()}
        self.parameters: dict[str, list[nn.Parameter]] = {name: [] for name in GROUPS}
        for parameter in model.parameters():
            where = "head" if id(parameter) not in body else "late"
            self.parameters["early" if id(parameter) in early else where].append(parameter)

    def thaw(self, names: tuple[str, ...]) -> None:
        """Unfreeze only the named groups; frozen ones also keep their batch-norm statistics."""
        for name in GROUPS:
            for parameter in self.parameters[name]:
                parameter.requires_grad_(name in names)
        self.model.train()
        if "late" not in names:
            self.backbone.eval()
        elif "early" not in names:
            for module in self._early:
                module.eval()
