"""What all pictures share: the colours of classes, and reproducible files."""

import colorsys
import zlib
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pipeline.files import write_beside

# Rotating the hue by the golden ratio keeps neighbouring classes apart, however many there are.
_HUE_STEP = 0.618034
_MIN_LUMINANCE = 0.55
# Of a picture, in pixels, so that a page with all of them stays easy to scroll.
LARGEST_SIDE = 1400


def class_color(label: int) -> tuple[float, float, float]:
    """Return the RGB colour (0..1) of a class, bright enough to carry black text.

    A label of -1, a box without a class, is yellow.
    """
    if label < 0:
        return (1.0, 0.85, 0.1)
    pure = colorsys.hsv_to_rgb((0.01 + label * _HUE_STEP) % 1, 0.85, 1.0)
    missing = max(0.0, _MIN_LUMINANCE - luminance(pure)) / (1 - luminance(pure))
    red, green, blue = (part + missing * (1 - part) for part in pure)
    return (red, green, blue)


def luminance(color: tuple[float, float, float]) -> float:
    """Return the weighted brightness 0..1 of an RGB colour (ITU-R BT.601)."""
    red, green, blue = color
    return 0.299 * red + 0.587 * green + 0.114 * blue


def figure_of(width: float, height: float, dpi: int = 100) -> Figure:
    """Return an empty figure, sized in inches, without pyplot, which would keep it alive.

    It has a canvas from the start; otherwise each text that is measured would create one.
    """
    figure = Figure(figsize=(width, height), dpi=dpi)
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Figure, path: Path) -> None:
    """Write `figure` as PNG; equal figures give equal bytes, and a failure keeps the old file.

    Args:
        figure: from `figure_of`; it is empty afterwards.
        path: its folder is created if absent.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    # Runs of equal colour are all that is worth searching for: half the time of zlib's usual search
    # at level 3, and smaller files.
    write_beside(
        path, lambda beside: pixels.save(beside, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    )
    # Figure and canvas refer to each other: free the pixels now, not at a later garbage collection.
    figure.clear()
    vars(figure.canvas).pop("renderer", None)
