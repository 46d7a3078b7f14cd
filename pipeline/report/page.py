"""A page of photos in pixels: where each photo lies, and what its boxes become on it."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from pipeline.report.figures import LARGEST_SIDE

_LARGEST_CELL = 332  # pixels
GAP, CAPTION = 10, 32  # between photos, and below each: a caption and what a crowded photo has
TITLE, NOTE = 30, 22  # heights of the two lines above all photos
_MAT = 237  # the grey around a photo in its cell


@dataclass(frozen=True)
class Layout:
    """So many photos a row and a column, each in a square of so many pixels."""

    rows: int
    columns: int
    cell: int = _LARGEST_CELL

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        height = self.rows * (self.cell + CAPTION + GAP) + TITLE + NOTE
        return self.columns * (self.cell + GAP) + GAP, height


def layout_of(photos: int) -> Layout:
    """Return the layout of so many photos: a third more columns than rows, never too large a page.

    >>> layout_of(12)
    Layout(rows=3, columns=4, cell=332)
    """
    columns = max(1, math.ceil(math.sqrt(photos * 4 / 3)))
    rows = max(1, math.ceil(photos / columns))
    across = (LARGEST_SIDE - GAP) // columns - GAP
    down = (LARGEST_SIDE - TITLE - NOTE) // rows - CAPTION - GAP
    return Layout(rows, columns, max(24, min(_LARGEST_CELL, across, down)))


@dataclass(frozen=True)
class View:
    """How a photo lies in its square cell: its pixels times `scale`, in the middle.

    Attributes:
        size_wh: of the photo, to which boxes refer.
        cell: side of the square.
        corner: left and top of the square on the page.
    """

    size_wh: tuple[int, int]
    cell: int
    corner: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels of the page for one of the photo."""
        return self.cell / max(self.size_wh)

    @property
    def shown_wh(self) -> tuple[int, int]:
        """Width and height of the photo on the page."""
        width, height = (max(1, round(side * self.scale)) for side in self.size_wh)
        return width, height

    @property
    def inset(self) -> tuple[int, int]:
        """Left and top of the photo in the square."""
        return (self.cell - self.shown_wh[0]) // 2, (self.cell - self.shown_wh[1]) // 2

    def paste(self, page: np.ndarray, photo: np.ndarray) -> None:
        """Put a photo `(H, W, 3)` on its place of the page."""
        (left, top), (x, y) = self.corner, self.inset
        cell = page[top : top + self.cell, left : left + self.cell]
        cell[:] = _MAT
        width, height = self.shown_wh
        resized = Image.fromarray(photo).resize((width, height), Image.Resampling.BILINEAR)
        cell[y : y + height, x : x + width] = resized

    def to_cell(self, boxes: np.ndarray) -> np.ndarray:
        """Return `(N, 4)` xyxy boxes in pixels of the square, cut off at the photo's border."""
        inside = np.clip(np.asarray(boxes, dtype=float), 0, np.tile(self.size_wh, 2))
        return inside * self.scale + np.tile(self.inset, 2)

    def to_page(self, boxes: np.ndarray) -> np.ndarray:
        """Return `(N, 4)` xyxy boxes in pixels of the page, cut off likewise."""
        return self.to_cell(boxes) + np.tile(self.corner, 2)

    @classmethod
    def of(cls, layout: Layout, place: int, size_wh: tuple[int, int]) -> "View":
        """Return the view of the photo with this place, row by row."""
        row, column = divmod(place, layout.columns)
        left = GAP + column * (layout.cell + GAP)
        top = TITLE + NOTE + row * (layout.cell + CAPTION + GAP)
        return cls(size_wh, layout.cell, (left, top))


def page_axes(figure: Figure, page: np.ndarray) -> Axes:
    """Return axes that show the pixels `(H, W, 3)` one to one, and are measured in them."""
    height, width = page.shape[:2]
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    figure.figimage(page, zorder=-1)  # `imshow` would scale it, pixel by pixel to the same size
    axes.set(xlim=(0, width), ylim=(height, 0))
    return axes
