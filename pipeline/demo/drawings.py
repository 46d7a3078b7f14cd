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
    """Draws on a transparent square tile of `side` pixels; all lengths are shares of the side."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.image = Image.new("RGBA", (side, side))
        self._draw = ImageDraw.Draw(self.image)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """Fill an ellipse with centre (x, y) and radii rx, ry."""
        self._draw.ellipse(self._pixels([(x - rx, y - ry), (x + rx, y + ry)]), fill=fill)

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._pixels(points), fill=fill)

    def box(self, corner: Point, opposite: Point, fill: Colour) -> None:
        """Fill an upright rectangle."""
        self._draw.rectangle(self._pixels([corner, opposite]), fill=fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """Draw straight strokes through the points."""
        pixels = max(1, round(width * self.side))
        self._draw.line(self._pixels(points), fill=fill, width=pixels, joint="curve")

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.side, y * self.side) for x, y in points]


def colour(
    rng: np.random.Generator,
    hues: tuple[float, float] = (0, 1),
    saturation: tuple[float, float] = (0.5, 0.95),
    value: tuple[float, float] = (0.6, 0.98),
) -> Colour:
    """Return a random opaque colour; hue, saturation and value are ranges within 0..1."""
    hue = rng.uniform(*hues) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, rng.uniform(*saturation), rng.uniform(*value))
    return round(255 * red), round(255 * green), round(255 * blue), 255


def shade(tint: Colour, factor: float) -> Colour:
    """Return the colour made darker (factor below 1) or lighter (above 1)."""
    red, green, blue = (min(255, round(part * factor)) for part in tint[:3])
    return red, green, blue, 255


def draw_car(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a car from the side with a cabin, windows, lamps and two wheels."""
    paint = colour(rng, saturation=(0.2, 1.0), value=(0.5, 1.0))
    front = rng.uniform(0.22, 0.3)
    pen.polygon([(front - 0.06, 0.5), (front + 0.08, 0.24), (0.7, 0.24), (0.84, 0.5)], paint)
    pen.polygon([(front + 0.02, 0.48), (front + 0.12, 0.29), (0.48, 0.29), (0.48, 0.48)], GLASS)
    pen.polygon([(0.53, 0.48), (0.53, 0.29), (0.67, 0.29), (0.76, 0.48)], GLASS)
    pen.box((0.02, 0.46), (0.98, 0.72), shade(paint, 0.5))
    pen.box((0.035, 0.47), (0.965, 0.69), paint)
    pen.line([(0.505, 0.48), (0.505, 0.68)], shade(paint, 0.5), 0.014)
    pen.ellipse(0.07, 0.55, 0.035, 0.045, (255, 240, 150, 255))
    pen.box((0.93, 0.51), (0.97, 0.6), (200, 30, 30, 255))
    for x in (0.25, 0.75):
        for radius, tint in ((0.13, DARK), (0.07, (196, 198, 204, 255)), (0.025, DARK)):
            pen.ellipse(x, 0.71, radius, radius, tint)


def draw_face(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a smiling head with eyes and cheeks."""
    skin = colour(rng, (0.05, 0.17), (0.45, 0.95), (0.85, 1.0))
    pen.ellipse(0.5, 0.5, 0.46, 0.46, shade(skin, 0.55))
    pen.ellipse(0.5, 0.5, 0.43, 0.43, skin)
    for x in (0.35, 0.65):
        pen.ellipse(x, 0.41, 0.085, 0.11, WHITE)
        pen.ellipse(x + rng.uniform(-0.02, 0.02), 0.42, 0.045, 0.06, DARK)
        pen.ellipse(x + (x - 0.5) * 0.75, 0.6, 0.06, 0.04, shade(skin, 0.85))
    smile = [(0.5 + 0.25 * cos(angle), 0.55 + 0.2 * sin(angle)) for angle in np.linspace(0.3, 2.84)]
    pen.line(smile, DARK, 0.045)


def draw_fish(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a fish that looks left, with a tail, fins and stripes."""
    body, fin = colour(rng), colour(rng)
    pen.polygon([(0.68, 0.5), (0.98, 0.24), (0.9, 0.5), (0.98, 0.76)], fin)
    pen.polygon([(0.32, 0.32), (0.5, 0.12), (0.68, 0.34)], fin)
    pen.polygon([(0.4, 0.68), (0.52, 0.86), (0.6, 0.66)], fin)
    pen.ellipse(0.42, 0.5, 0.4, 0.24, shade(body, 0.55))
    pen.ellipse(0.42, 0.5, 0.38, 0.22, body)
    pen.ellipse(0.4, 0.57, 0.3, 0.12, shade(body, 1.25))
    for x, reach in ((0.46, 0.19), (0.56, 0.18), (0.66, 0.15)):
        pen.line([(x, 0.5 - reach), (x + 0.03, 0.5), (x, 0.5 + reach)], fin, 0.035)
    pen.ellipse(0.2, 0.44, 0.055, 0.055, WHITE)
    pen.ellipse(0.19, 0.44, 0.03, 0.03, DARK)
    pen.line([(0.04, 0.55), (0.12, 0.57)], shade(body, 0.4), 0.02)


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
    for tint, reach in ((shade(petal, 0.6), radius), (petal, 0.82 * radius)):
        for angle in turn + np.linspace(0, 2 * pi, petals, endpoint=False):
            pen.ellipse(0.5 + 0.21 * cos(angle), 0.34 + 0.21 * sin(angle), reach, reach, tint)
    pen.ellipse(0.5, 0.34, 0.12, 0.12, shade(heart, 0.7))
    pen.ellipse(0.5, 0.34, 0.1, 0.1, heart)


def draw_house(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a house with a roof, a chimney, a door and two windows."""
    wall = colour(rng, saturation=(0.1, 0.55), value=(0.75, 1.0))
    roof = colour(rng, (-0.04, 0.07), (0.55, 0.95), (0.4, 0.8))
    pen.box((0.68, 0.06), (0.8, 0.34), shade(roof, 0.6))
    pen.box((0.12, 0.42), (0.88, 0.96), shade(wall, 0.5))
    pen.box((0.15, 0.42), (0.85, 0.93), wall)
    pen.polygon([(0.02, 0.46), (0.5, 0.04), (0.98, 0.46)], shade(roof, 0.55))
    pen.polygon([(0.08, 0.435), (0.5, 0.07), (0.92, 0.435)], roof)
    pen.box((0.42, 0.62), (0.58, 0.94), colour(rng, value=(0.25, 0.6)))
    for x in (0.2, 0.65):
        pen.box((x, 0.55), (x + 0.15, 0.72), DARK)
        pen.box((x + 0.015, 0.565), (x + 0.135, 0.705), GLASS)
        pen.line([(x + 0.075, 0.555), (x + 0.075, 0.715)], DARK, 0.018)
        pen.line([(x, 0.635), (x + 0.15, 0.635)], DARK, 0.018)


def draw_tree(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a leafy tree that bears fruit."""
    bark = colour(rng, (0.05, 0.09), (0.5, 0.8), (0.25, 0.5))
    green = colour(rng, (0.2, 0.42), (0.5, 0.9), (0.35, 0.75))
    fruit = colour(rng, (-0.05, 0.12), (0.8, 1.0), (0.8, 1.0))
    crown = [(0.5, 0.25, 0.23), (0.3, 0.42, 0.21), (0.7, 0.42, 0.21), (0.5, 0.48, 0.2)]
    pen.polygon([(0.43, 0.55), (0.57, 0.55), (0.61, 0.98), (0.39, 0.98)], bark)
    for x, y, radius in crown:
        pen.ellipse(x, y, radius, radius, shade(green, 0.65))
    for x, y, radius in crown:
        pen.ellipse(x - 0.02, y - 0.03, radius * 0.85, radius * 0.85, green)
    for x, y in ((0.38, 0.24), (0.6, 0.3), (0.3, 0.46), (0.52, 0.46), (0.74, 0.44)):
        pen.ellipse(x, y, 0.035, 0.035, fruit)


DRAWINGS: dict[str, Callable[[Pen, np.random.Generator], None]] = {
    "car": draw_car,
    "face": draw_face,
    "fish": draw_fish,
    "flower": draw_flower,
    "house": draw_house,
    "tree": draw_tree,
}
