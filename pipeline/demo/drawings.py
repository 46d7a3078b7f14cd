"""The six kinds of objects that the painter can draw, each made of several parts.

They are objects, not plain shapes, because the backbone was trained on photos of objects: its
features respond to a wheel, a roof or an eye, but hardly to a triangle.
"""

import colorsys
from collections.abc import Callable
from math import cos, pi, sin

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

Colour = tuple[int, ...]  # red, green, blue in 0..255
Point = tuple[float, float]

DARK, WHITE, SILVER = (34, 30, 38), (250, 250, 246), (196, 198, 204)
GLASS, RED, YELLOW = (168, 214, 236), (200, 30, 30), (255, 240, 150)


class Pen:
    """Draws on a transparent square tile; coordinates and lengths are shares of its side.

    A shape with a `rim` has a darker edge of that width, inside the shape.
    """

    def __init__(self, side: int) -> None:
        self.tile = Image.new("RGBA", (side, side))
        self._draw = ImageDraw.Draw(self.tile)

    def ellipse(self, at: Point, radii: Point, fill: Colour, rim: float = 0) -> None:
        """Fill an ellipse around the point `at`."""
        (x, y), (rx, ry) = at, radii
        corners = self._pixels((x - rx, y - ry), (x + rx, y + ry))
        self._draw.ellipse(corners, fill, shade(fill), self._width(rim))

    def box(self, corner: Point, opposite: Point, fill: Colour, rim: float = 0) -> None:
        """Fill an upright rectangle."""
        self._draw.rectangle(self._pixels(corner, opposite), fill, shade(fill), self._width(rim))

    def polygon(self, *points: Point, fill: Colour, rim: float = 0) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._pixels(*points), fill, shade(fill), self._width(rim))

    def line(self, *points: Point, fill: Colour, width: float) -> None:
        """Draw straight strokes from point to point."""
        self._draw.line(self._pixels(*points), fill, max(1, self._width(width)), joint="curve")

    def _pixels(self, *points: Point) -> list[Point]:
        return [(x * self.tile.width, y * self.tile.width) for x, y in points]

    def _width(self, share: float) -> int:
        return round(share * self.tile.width)


def colour(
    rng: Generator, hue: Point = (0, 1), saturation: Point = (0.5, 0.95), value: Point = (0.6, 0.98)
) -> Colour:
    """Return a random colour; hues wrap around at 1, the other ranges lie within 0..1."""
    parts = colorsys.hsv_to_rgb(*(rng.uniform(*span) for span in (hue, saturation, value)))
    return tuple(round(255 * part) for part in parts)


def shade(tint: Colour, factor: float = 0.55) -> Colour:
    """Return the colour made darker (factor below 1) or lighter (above 1)."""
    return tuple(min(255, round(part * factor)) for part in tint)


def draw_car(pen: Pen, rng: Generator) -> None:
    """Draw a car from the side: cabin, two windows, body, lamps and wheels."""
    paint = colour(rng, saturation=(0.2, 1), value=(0.5, 1))
    hood = rng.uniform(0.22, 0.3)
    pen.polygon((hood - 0.06, 0.5), (hood + 0.08, 0.24), (0.7, 0.24), (0.84, 0.5), fill=paint)
    pen.polygon((hood + 0.02, 0.48), (hood + 0.12, 0.29), (0.48, 0.29), (0.48, 0.48), fill=GLASS)
    pen.polygon((0.53, 0.48), (0.53, 0.29), (0.67, 0.29), (0.76, 0.48), fill=GLASS)
    pen.box((0.02, 0.46), (0.98, 0.72), paint, rim=0.02)
    pen.ellipse((0.07, 0.55), (0.035, 0.045), YELLOW)
    pen.box((0.93, 0.51), (0.97, 0.6), RED)
    for x in (0.25, 0.75):
        pen.ellipse((x, 0.71), (0.13, 0.13), DARK)
        pen.ellipse((x, 0.71), (0.07, 0.07), SILVER)


def draw_face(pen: Pen, rng: Generator) -> None:
    """Draw a smiling face."""
    skin = colour(rng, (0.05, 0.17), (0.45, 0.95), (0.85, 1))
    pen.ellipse((0.5, 0.5), (0.46, 0.46), skin, rim=0.03)
    for x in (0.35, 0.65):
        pen.ellipse((x, 0.41), (0.085, 0.11), WHITE)
        pen.ellipse((x + rng.uniform(-0.02, 0.02), 0.42), (0.045, 0.06), DARK)
    angles = np.linspace(0.1 * pi, 0.9 * pi)
    smile = [(0.5 + 0.25 * cos(angle), 0.55 + 0.2 * sin(angle)) for angle in angles]
    pen.line(*smile, fill=DARK, width=0.045)


def draw_fish(pen: Pen, rng: Generator) -> None:
    """Draw a fish facing left: tail, two fins, body, stripes and eye."""
    body, fin = colour(rng), colour(rng)
    pen.polygon((0.68, 0.5), (0.98, 0.24), (0.9, 0.5), (0.98, 0.76), fill=fin)
    pen.polygon((0.32, 0.32), (0.5, 0.12), (0.68, 0.34), fill=fin)
    pen.polygon((0.4, 0.68), (0.52, 0.86), (0.6, 0.66), fill=fin)
    pen.ellipse((0.42, 0.5), (0.4, 0.24), body, rim=0.02)
    for x, reach in ((0.46, 0.19), (0.56, 0.18), (0.66, 0.15)):
        pen.line((x, 0.5 - reach), (x + 0.03, 0.5), (x, 0.5 + reach), fill=fin, width=0.035)
    pen.ellipse((0.2, 0.44), (0.055, 0.055), WHITE)
    pen.ellipse((0.19, 0.44), (0.03, 0.03), DARK)


def draw_flower(pen: Pen, rng: Generator) -> None:
    """Draw a flower with five to eight petals on a stem with two leaves."""
    petal, heart = colour(rng, (0.7, 1.1), (0.4, 0.95), (0.8, 1)), colour(rng, (0.1, 0.16))
    leaf = colour(rng, (0.25, 0.4), (0.5, 0.9), (0.35, 0.7))
    pen.line((0.5, 0.4), (0.52, 0.98), fill=leaf, width=0.05)
    for side in (-1, 1):
        pen.polygon((0.51, 0.93), (0.51 + 0.14 * side, 0.75), (0.51 + 0.26 * side, 0.79), fill=leaf)
    petals = int(rng.integers(5, 9))
    start, radius = rng.uniform(0, 2 * pi), 0.78 / petals + 0.015
    for angle in start + np.linspace(0, 2 * pi, petals, endpoint=False):
        at = (0.5 + 0.2 * cos(angle), 0.4 + 0.2 * sin(angle))
        pen.ellipse(at, (radius, radius), petal, rim=0.02)
    pen.ellipse((0.5, 0.4), (0.12, 0.12), heart, rim=0.02)


def draw_house(pen: Pen, rng: Generator) -> None:
    """Draw a house with a chimney, a roof, a door and two windows."""
    wall = colour(rng, saturation=(0.1, 0.55), value=(0.75, 1))
    roof = colour(rng, (0.96, 1.07), (0.55, 0.95), (0.4, 0.8))
    pen.box((0.68, 0.06), (0.8, 0.34), shade(roof))
    pen.box((0.12, 0.42), (0.88, 0.96), wall, rim=0.03)
    pen.polygon((0.02, 0.46), (0.5, 0.04), (0.98, 0.46), fill=roof, rim=0.03)
    pen.box((0.42, 0.62), (0.58, 0.94), colour(rng, value=(0.25, 0.6)))
    for x in (0.2, 0.65):
        pen.box((x, 0.55), (x + 0.15, 0.72), GLASS, rim=0.02)
        pen.line((x + 0.075, 0.555), (x + 0.075, 0.715), fill=DARK, width=0.018)


def draw_tree(pen: Pen, rng: Generator) -> None:
    """Draw a leafy tree with fruit."""
    bark = colour(rng, (0.05, 0.09), (0.5, 0.8), (0.25, 0.5))
    leaves = colour(rng, (0.2, 0.42), (0.5, 0.9), (0.35, 0.75))
    fruit = colour(rng, (0.95, 1.12), (0.8, 1), (0.8, 1))
    pen.polygon((0.43, 0.55), (0.57, 0.55), (0.61, 0.98), (0.39, 0.98), fill=bark)
    for x, y in ((0.5, 0.25), (0.3, 0.42), (0.7, 0.42), (0.5, 0.48)):
        pen.ellipse((x, y), (0.22, 0.22), leaves, rim=0.03)
    for x, y in ((0.38, 0.24), (0.6, 0.3), (0.3, 0.46), (0.52, 0.46), (0.74, 0.44)):
        pen.ellipse((x, y), (0.035, 0.035), fruit)


DRAWINGS: dict[str, Callable[[Pen, Generator], None]] = {
    "car": draw_car,
    "face": draw_face,
    "fish": draw_fish,
    "flower": draw_flower,
    "house": draw_house,
    "tree": draw_tree,
}
