"""A trained model made quicker, for good: it answers as before and can no longer be trained."""

import torch

from pipeline.models.folding import fold_batch_norms
from pipeline.rungs.rung import RungModel


def prepare_for_inference(model: RungModel, image_size: int) -> RungModel:
    """Return a model in evaluation mode, changed in place."""
    device = next(model.parameters()).device
    fold_batch_norms(model, torch.zeros(1, 3, image_size, image_size, device=device))
    return model
