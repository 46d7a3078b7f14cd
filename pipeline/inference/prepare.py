"""Folds batch norms for faster inference; the model predicts as before but cannot be trained."""

from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pipeline.inference.layer_pairs import layer_pairs

Model = TypeVar("Model", bound=nn.Module)


@torch.no_grad()
def prepare_for_inference(model: Model, image_size: int) -> Model:
    """Return `model`, changed in place to fewer layers with the same outputs up to rounding.

    In evaluation mode a batch norm is a factor and a shift of each channel, and so are the weights
    and the bias of the convolution before it, into which it is folded
    (`docs/performance.md` has the speed-up).

    Args:
        model: in evaluation mode.
        image_size: side S of its input, in pixels.
    """
    for conv_name, norm_name in layer_pairs(model, image_size, nn.Conv2d, nn.BatchNorm2d):
        conv, norm = model.get_submodule(conv_name), model.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        model.set_submodule(conv_name, fuse_conv_bn_eval(conv, norm))
        # timm's norm layers have an activation inside.
        model.set_submodule(norm_name, nn.Sequential(*norm.children()))
    return model
