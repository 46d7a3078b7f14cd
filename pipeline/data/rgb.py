"""Any image becomes 8-bit RGB on white, grey of more bits by the range that it uses."""

import numpy as np
from PIL import Image

from pipeline.photo_files import on_white

# Of what cameras, scanners and microscopes give, whatever the file stores it in.
_BITS = (8, 10, 12, 14, 16)
_ROWS_AT_ONCE = 64


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an 8-bit RGB image of the same size; what is transparent lies on white.

    Grey of 16 or 32 bits is divided by a power of two. A file does not tell how many of its bits
    the device has filled, and 12 bits in 16 would come out nearly black, so the brightest pixel
    decides: it takes the fewest of 8, 10, 12, 14, 16 (or as many as it needs) that hold it. Not
    its value itself, so that photos of one device keep their brightness among each other. Grey of
    floating-point numbers is 0..1 where none exceeds 1, else as above. NaN counts as the darkest
    pixel, and where that is below 0 it is black.

    Raises:
        ValueError: no pixel is a finite number.
    """
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(_eight_bits(np.array(image)))
    return on_white(image).convert("RGB")


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    # In blocks: numbers of 64 bits for a whole scan would take gigabytes.
    blocks = [grey[at : at + _ROWS_AT_ONCE] for at in range(0, len(grey), _ROWS_AT_ONCE)]
    finite = (block[np.isfinite(block)] for block in blocks)
    ends = [(float(block.min()), float(block.max())) for block in finite if block.size]
    if not ends:
        raise ValueError("none of its pixels is a number")
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
    """Return a block from 0, with numbers for what is none."""
    return (
        np.nan_to_num(block.astype(np.float64), nan=lowest, neginf=lowest, posinf=highest) - bottom
    )
