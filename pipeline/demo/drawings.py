"""The six objects that the demo painter knows, each drawn from several parts.

They are drawings of *things*, because the backbone was trained on photos of things: a wheel, a
roof or an eye is a part that its features can tell apart, a plain triangle is not.
"""

import colorsys
from collections.abc import Callable, Sequence
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int, int]
Point = tuple[float, float]

DARK: Colour = (34, 30, 38, 255)
WHITE: Colour = (250, 250, 246, 255)
GLASS: Colour = (168, 214, 236, 255)


class Pen:
    """Draws on a transparent square tile, in units of its side."""

    def __init__(self, side: int) -> None:
        """Make the tile, `side` pixels wide and high."""
        self.side = side
        self.image = Image.new("RGBA", (side, side))
        self._draw = ImageDraw.Draw(self.image)

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.side, y * self.side) for x, y in points]

    def _width(self, width: float) -> int:
        return max(1, round(width * self.side))

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """Fill an ellipse with centre (x, y) and radii rx, ry."""
        self._draw.ellipse(self._pixels([(x - rx, y - ry), (x + rx, y + ry)]), fill=fill)

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._pixels(points), fill=fill)

    def box(self, corner: Point, opposite: Point, fill: Colour, radius: float = 0) -> None:
        """Fill an upright rectangle, its corners rounded by `radius`."""
        pixels = self._pixels([corner, opposite])
        self._draw.rounded_rectangle(pixels, radius * self.side, fill=fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """Draw straight strokes through the points."""
        self._draw.line(self._pixels(points), fill=fill, width=self._width(width), joint="curve")

    def arc(
        self, centre: Point, radius: float, degrees: tuple[float, float], fill: Colour, width: float
    ) -> None:
        """Draw a part of a circle, clockwise from three o'clock."""
        (x, y), r = centre, radius
        pixels = self._pixels([(x - r, y - r), (x + r, y + r)])
        self._draw.arc(pixels, *degrees, fill=fill, width=self._width(width))


def colour(
    rng: np.random.Generator,
    hues: tuple[float, float] = (0, 1),
    saturation: tuple[float, float] = (0.5, 0.95),
    value: tuple[float, float] = (0.6, 0.98),
) -> Colour:
    """Return a random opaque colour; hue, saturation and value are ranges within 0..1."""
    rgb = colorsys.hsv_to_rgb(
        rng.uniform(*hues) % 1.0, rng.uniform(*saturation), rng.uniform(*value)
    )
    return (*(round(255 * part) for part in rgb), 255)


def shade(tint: Colour, factor: float) -> Colour:
    """Return the colour made darker (factor below 1) or lighter (above 1)."""
    red, green, blue = (min(255, round(part * factor)) for part in tint[:3])
    return red, green, blue, 255


def draw_face(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a smiling head with eyes, cheeks, and sometimes a hat."""
    skin = colour(rng, (0.05, 0.17), (0.45, 0.95), (0.85, 1.0))
    pen.ellipse(0.5, 0.54, 0.43, 0.43, shade(skin, 0.55))
    pen.ellipse(0.5, 0.54, 0.4, 0.4, skin)
    for x in (0.35, 0.65):
        pen.ellipse(x, 0.45, 0.085, 0.11, WHITE)
        pen.ellipse(x + rng.uniform(-0.02, 0.02), 0.46, 0.045, 0.06, DARK)
        pen.ellipse(x + (x - 0.5) * 0.75, 0.64, 0.06, 0.04, shade(skin, 0.85))
    pen.arc((0.5, 0.54), 0.25, (25, 155), DARK, 0.045)
    if rng.random() < 0.4:
        hat = colour(rng)
        pen.polygon([(0.2, 0.25), (0.5, 0.0), (0.8, 0.25)], hat)
        pen.line([(0.12, 0.26), (0.88, 0.26)], shade(hat, 0.6), 0.06)


def draw_house(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a house with a roof, a chimney, a door and two windows."""
    wall = colour(rng, saturation=(0.1, 0.55), value=(0.75, 1.0))
    roof = colour(rng, (-0.04, 0.07), (0.55, 0.95), (0.4, 0.8))
    pen.box((0.68, 0.06), (0.8, 0.34), shade(roof, 0.6))
    pen.box((0.12, 0.42), (0.88, 0.96), shade(wall, 0.5))
    pen.box((0.15, 0.42), (0.85, 0.93), wall)
    pen.polygon([(0.02, 0.46), (0.5, 0.04), (0.98, 0.46)], shade(roof, 0.55))
    pen.polygon([(0.08, 0.435), (0.5, 0.07), (0.92, 0.435)], roof)
    door = colour(rng, value=(0.25, 0.6))
    pen.box((0.42, 0.62), (0.58, 0.94), door)
    pen.ellipse(0.545, 0.79, 0.018, 0.018, WHITE)
    for x in (0.2, 0.65):
        pen.box((x, 0.55), (x + 0.15, 0.72), DARK)
        pen.box((x + 0.015, 0.565), (x + 0.135, 0.705), GLASS)
        pen.line([(x + 0.075, 0.555), (x + 0.075, 0.715)], DARK, 0.018)
        pen.line([(x, 0.635), (x + 0.15, 0.635)], DARK, 0.018)


def draw_tree(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a fir, or a leafy tree that sometimes bears fruit."""
    bark = colour(rng, (0.05, 0.09), (0.5, 0.8), (0.25, 0.5))
    green = colour(rng, (0.2, 0.42), (0.5, 0.9), (0.35, 0.75))
    pen.polygon([(0.43, 0.55), (0.57, 0.55), (0.61, 0.98), (0.39, 0.98)], bark)
    if rng.random() < 0.5:
        for step in range(3):
            top, half = 0.02 + 0.2 * step, 0.22 + 0.08 * step
            base = top + 0.36
            tint = shade(green, 0.75 + 0.15 * step)
            pen.polygon([(0.5, top), (0.5 + half, base), (0.5 - half, base)], tint)
        return
    crown = [(0.5, 0.25, 0.23), (0.3, 0.42, 0.21), (0.7, 0.42, 0.21), (0.5, 0.48, 0.2)]
    for x, y, radius in crown:
        pen.ellipse(x, y, radius, radius, shade(green, 0.65))
    for x, y, radius in crown:
        pen.ellipse(x - 0.02, y - 0.03, radius * 0.85, radius * 0.85, green)
    if rng.random() < 0.5:
        fruit = colour(rng, (-0.05, 0.12), (0.8, 1.0), (0.8, 1.0))
        for x, y in ((0.38, 0.24), (0.6, 0.3), (0.3, 0.46), (0.52, 0.46), (0.74, 0.44)):
            pen.ellipse(x, y, 0.035, 0.035, fruit)


def draw_fish(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a fish that looks left, with a tail, fins and stripes."""
    body, fin = colour(rng), colour(rng)
    pen.polygon([(0.68, 0.5), (0.98, 0.24), (0.9, 0.5), (0.98, 0.76)], fin)
    pen.polygon([(0.32, 0.32), (0.5, 0.12), (0.68, 0.34)], fin)
    pen.polygon([(0.4, 0.68), (0.52, 0.86), (0.6, 0.66)], fin)
    pen.ellipse(0.42, 0.5, 0.4, 0.24, shade(body, 0.55))
    pen.ellipse(0.42, 0.5, 0.38, 0.22, body)
    pen.ellipse(0.4, 0.57, 0.3, 0.12, shade(body, 1.25))
    if rng.random() < 0.6:
        for x in (0.46, 0.56, 0.66):
            reach = 0.2 * (1 - ((x - 0.42) / 0.4) ** 2) ** 0.5
            pen.line([(x, 0.5 - reach), (x + 0.03, 0.5), (x, 0.5 + reach)], fin, 0.035)
    pen.arc((0.28, 0.5), 0.15, (-50, 50), shade(body, 0.55), 0.02)
    pen.ellipse(0.2, 0.44, 0.055, 0.055, WHITE)
    pen.ellipse(0.19, 0.44, 0.03, 0.03, DARK)
    pen.line([(0.04, 0.55), (0.12, 0.57)], shade(body, 0.4), 0.02)


def draw_car(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a car from the side with a cabin, windows, lamps and two wheels."""
    paint = colour(rng, saturation=(0.2, 1.0), value=(0.5, 1.0))
    front = rng.uniform(0.22, 0.3)
    pen.polygon([(front - 0.06, 0.5), (front + 0.08, 0.24), (0.7, 0.24), (0.84, 0.5)], paint)
    pen.polygon([(front + 0.02, 0.48), (front + 0.12, 0.29), (0.48, 0.29), (0.48, 0.48)], GLASS)
    pen.polygon([(0.53, 0.48), (0.53, 0.29), (0.67, 0.29), (0.76, 0.48)], GLASS)
    pen.box((0.02, 0.46), (0.98, 0.72), shade(paint, 0.5), 0.08)
    pen.box((0.035, 0.47), (0.965, 0.69), paint, 0.07)
    pen.line([(0.505, 0.48), (0.505, 0.68)], shade(paint, 0.5), 0.014)
    pen.box((0.54, 0.53), (0.62, 0.555), DARK)
    pen.ellipse(0.07, 0.55, 0.035, 0.045, (255, 240, 150, 255))
    pen.box((0.93, 0.51), (0.97, 0.6), (200, 30, 30, 255))
    for x in (0.25, 0.75):
        pen.ellipse(x, 0.71, 0.13, 0.13, DARK)
        pen.ellipse(x, 0.71, 0.07, 0.07, (196, 198, 204, 255))
        pen.ellipse(x, 0.71, 0.025, 0.025, DARK)


def draw_flower(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a flower with five to eight petals on a stem with two leaves."""
    petal = colour(rng, (0.7, 1.12), (0.4, 0.95), (0.8, 1.0))
    heart = colour(rng, (0.1, 0.16), (0.7, 1.0), (0.75, 1.0))
    leaf = colour(rng, (0.25, 0.4), (0.5, 0.9), (0.35, 0.7))
    pen.line([(0.5, 0.4), (0.52, 0.98)], leaf, 0.05)
    for side in (-1, 1):
        pen.polygon([(0.51, 0.9), (0.51 + 0.14 * side, 0.7), (0.51 + 0.26 * side, 0.74)], leaf)
    petals = int(rng.integers(5, 9))
    turn, radius = rng.uniform(0, 2 * pi), 0.78 / petals + 0.015
    for tint, shrink in ((shade(petal, 0.6), 1.0), (petal, 0.82)):
        for k in range(petals):
            angle = turn + 2 * pi * k / petals
            x, y = 0.5 + 0.21 * cos(angle), 0.34 + 0.21 * sin(angle)
            pen.ellipse(x, y, radius * shrink, radius * shrink, tint)
    pen.ellipse(0.5, 0.34, 0.12, 0.12, shade(heart, 0.7))
    pen.ellipse(0.5, 0.34, 0.1, 0.1, heart)


DRAWINGS: dict[str, Callable[[Pen, np.random.Generator], None]] = {
    "car": draw_car,
    "face": draw_face,
    "fish": draw_fish,
    "flower": draw_flower,
    "house": draw_house,
    "tree": draw_tree,
}
