"""The layout of a page of photos, in pixels: where each photo and its boxes go."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from PIL import Image

from pipeline.report.figures import LARGEST_SIDE

_LARGEST_CELL = 332  # pixels
GAP, CAPTION = 10, 32  # between photos, and below each for a caption and the counts of a crowd
TITLE, NOTE = 30, 22  # heights of the two lines above all photos
_MAT = 237  # the grey around a photo in its cell


@dataclass(frozen=True)
class Layout:
    """A grid of square cells, of `cell` pixels each, for photos."""

    rows: int
    columns: int
    cell: int = _LARGEST_CELL

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        height = self.rows * (self.cell + CAPTION + GAP) + TITLE + NOTE
        return self.columns * (self.cell + GAP) + GAP, height


def layout_of(photos: int) -> Layout:
    """Return the layout for this many photos: a third more columns than rows, on a bounded page.

    >>> layout_of(12)
    Layout(rows=3, columns=4, cell=332)
    """
    columns = max(1, min(photos, math.ceil(math.sqrt(photos * 4 / 3))))
    rows = max(1, math.ceil(photos / columns))
    across = (LARGEST_SIDE - GAP) // columns - GAP
    down = (LARGEST_SIDE - TITLE - NOTE) // rows - CAPTION - GAP
    return Layout(rows, columns, max(24, min(_LARGEST_CELL, across, down)))


@dataclass(frozen=True)
class View:
    """The position of a photo, scaled and centred in its square cell.

    Attributes:
        size_wh: of the photo, which its boxes refer to.
        cell: side of the cell.
        corner: left and top of the cell on the page.
    """

    size_wh: tuple[int, int]
    cell: int
    corner: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels on the page per pixel of the photo."""
        return self.cell / max(self.size_wh)

    @property
    def shown_wh(self) -> tuple[int, int]:
        """Width and height of the photo on the page."""
        width, height = (max(1, round(side * self.scale)) for side in self.size_wh)
        return width, height

    @property
    def inset(self) -> tuple[int, int]:
        """Left and top of the photo in the cell."""
        return (self.cell - self.shown_wh[0]) // 2, (self.cell - self.shown_wh[1]) // 2

    def paste(self, page: np.ndarray, photo: np.ndarray) -> None:
        """Put a photo `(H, W, 3)` in its place on the page."""
        (left, top), (x, y) = self.corner, self.inset
        cell = page[top : top + self.cell, left : left + self.cell]
        cell[:] = _MAT
        width, height = self.shown_wh
        resized = Image.fromarray(photo).resize((width, height), Image.Resampling.BILINEAR)
        cell[y : y + height, x : x + width] = resized

    def to_cell(self, boxes: np.ndarray) -> np.ndarray:
        """Return `(N, 4)` xyxy boxes in pixels of the cell, clipped to the photo."""
        inside = np.clip(np.asarray(boxes, dtype=float), 0, np.tile(self.size_wh, 2))
        return inside * self.scale + np.tile(self.inset, 2)

    def to_page(self, boxes: np.ndarray) -> np.ndarray:
        """Return `(N, 4)` xyxy boxes in pixels of the page, clipped likewise."""
        return self.to_cell(boxes) + np.tile(self.corner, 2)

    @classmethod
    def of(cls, layout: Layout, place: int, size_wh: tuple[int, int]) -> "View":
        """Return the view of the photo at this place, counted row by row."""
        row, column = divmod(place, layout.columns)
        left = GAP + column * (layout.cell + GAP)
        top = TITLE + NOTE + row * (layout.cell + CAPTION + GAP)
        return cls(size_wh, layout.cell, (left, top))


class _Pixels(Artist):
    """The pixels `(H, W, 3)` of a whole figure, one to one.

    Matplotlib's own images resample them even to the same size, which takes longer than all that
    is drawn on them.
    """

    def __init__(self, page: np.ndarray) -> None:
        super().__init__()
        self._rgba = np.dstack((page, np.full(page.shape[:2], 255, np.uint8)))

    def draw(self, renderer: RendererBase) -> None:
        renderer.draw_image(renderer.new_gc(), 0, 0, self._rgba[::-1])


def page_axes(figure: Figure, page: np.ndarray) -> Axes:
    """Return axes that show the pixels `(H, W, 3)` one to one, with pixels as their unit."""
    height, width = page.shape[:2]
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.add_artist(_Pixels(page))
    return axes
