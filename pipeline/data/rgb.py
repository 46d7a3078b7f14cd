"""Converts any image to 8-bit RGB on white; deeper grey is scaled by the range that it uses."""

import numpy as np
from PIL import Image

from pipeline.photo_files import on_white

# Bit depths of cameras, scanners and microscopes, whatever type a file stores them in.
_BITS = (8, 10, 12, 14, 16)
_ROWS_AT_ONCE = 64


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an 8-bit RGB image of the same size; transparency is put on white.

    Grey of 16 or 32 bits is divided by a power of two. A file does not say how many of its bits
    the device used, and 12 bits in 16 would come out nearly black. So the brightest pixel decides:
    the depth is the smallest of 8, 10, 12, 14 and 16 (or more if needed) that holds it. Dividing
    by the brightest value itself would change how bright photos of one device are relative to each
    other. Floating-point grey is taken as 0..1 if no pixel exceeds 1, else as above. NaN counts as
    the darkest pixel; if that is below 0, it becomes black.

    Raises:
        ValueError: no pixel is a finite number.
    """
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(_eight_bits(np.array(image)))
    return on_white(image).convert("RGB")


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    # In blocks: a whole scan in float64 would take gigabytes.
    blocks = [grey[at : at + _ROWS_AT_ONCE] for at in range(0, len(grey), _ROWS_AT_ONCE)]
    finite = (block[np.isfinite(block)] for block in blocks)
    ends = [(float(block.min()), float(block.max())) for block in finite if block.size]
    if not ends:
        raise ValueError("none of its pixels is a finite number")
    lowest, highest = min(low for low, _ in ends), max(high for _, high in ends)
    bottom = min(lowest, 0)
    brightest = max(highest - bottom, 0)
    if grey.dtype.kind == "f" and brightest <= 1:
        scaled = [(_numbers(block, lowest, highest, bottom) * 255).round() for block in blocks]
        return np.concatenate([block.astype(np.uint8) for block in scaled])
    needed = int(np.ceil(brightest)).bit_length()
    bits = next((bits for bits in _BITS if bits >= needed), needed)
    divided = (_numbers(block, lowest, highest, bottom) / 2 ** (bits - 8) for block in blocks)
    return np.concatenate([block.astype(np.uint8) for block in divided])


def _numbers(block: np.ndarray, lowest: float, highest: float, bottom: float) -> np.ndarray:
    """Return a block shifted to start at 0, with NaN and infinities replaced."""
    return (
        np.nan_to_num(block.astype(np.float64), nan=lowest, neginf=lowest, posinf=highest) - bottom
    )
