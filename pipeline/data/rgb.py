"""Any image becomes 8-bit RGB, grey of more bits by the range that it uses."""

import numpy as np
from PIL import Image

# Of what cameras, scanners and microscopes give, whatever the file stores it in.
_BITS = (8, 10, 12, 14, 16)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an 8-bit RGB image of the same size.

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
    return image.convert("RGB")


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    values = grey.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError("none of its pixels is a number")
    lowest, highest = values[finite].min(), values[finite].max()
    values = np.nan_to_num(values, nan=lowest, neginf=lowest, posinf=highest) - min(lowest, 0)
    brightest = values.max(initial=0)
    if grey.dtype.kind == "f" and brightest <= 1:
        return (values * 255).round().astype(np.uint8)
    needed = int(np.ceil(brightest)).bit_length()
    bits = next((bits for bits in _BITS if bits >= needed), needed)
    return (values / 2 ** (bits - 8)).astype(np.uint8)
