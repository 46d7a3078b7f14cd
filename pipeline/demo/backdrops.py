"""Backgrounds of the demo's photos: plaster, tiles or a landscape, with clutter on them."""

from math import pi

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from pipeline.demo.drawings import colour


def paint_backdrop(rng: Generator, width: int, height: int) -> Image.Image:
    """Return an RGB backdrop of a random kind, with two to nine pieces of clutter."""
    paint = (_plaster, _tiles, _landscape)[int(rng.integers(3))]
    backdrop = Image.fromarray(paint(rng, width, height).clip(0, 255).astype(np.uint8))
    for _ in range(int(rng.integers(2, 10))):
        _add_clutter(rng, backdrop)
    return backdrop


def _plaster(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a stained wall, like every backdrop `(height, width, 3)` in about 0..255."""
    return _blend(rng, 0.5 + 0.5 * _clouds(rng, width, height, int(rng.integers(2, 10))))


def _tiles(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a brick wall with dark joints, each brick a little different."""
    rows, columns = int(rng.integers(4, 11)), int(rng.integers(3, 8))
    y = np.linspace(0, rows, height)[:, None]
    x = np.linspace(0, columns, width) + 0.5 * (np.floor(y) % 2)  # every other row is shifted
    shades = rng.uniform(0.33, 0.67, (rows + 1, columns + 2))
    joint = (x % 1 < 0.07) | (y % 1 < 0.1)
    return _blend(rng, shades[y.astype(int), x.astype(int)]) * np.where(joint, 0.7, 1)[..., None]


def _landscape(rng: Generator, width: int, height: int) -> np.ndarray:
    """Return a plain sky above rough ground."""
    y = np.linspace(0, 1, height)[:, None]
    horizon = rng.uniform(0.35, 0.75) + 0.04 * _clouds(rng, width, height, 4)
    ground = _blend(rng, 0.5 + 0.5 * _clouds(rng, width, height, 12))
    return np.where((y > horizon)[..., None], ground, _blend(rng, y))


def _blend(rng: Generator, share: np.ndarray) -> np.ndarray:
    """Return two random colours, duller than most objects', blended by `share`: `(..., 3)`."""
    first, second = (np.array(colour(rng, (0, 1), (0.05, 0.5), (0.25, 0.95))) for _ in range(2))
    return first + share[..., None] * (second - first)


def _clouds(rng: Generator, width: int, height: int, cells: int) -> np.ndarray:
    """Return smooth noise `(height, width)` in about -1..1, of enlarged random grids."""
    total = np.zeros((height, width), np.float32)
    for octave in (1, 2, 4):
        grid = rng.uniform(-1, 1, (cells * octave, cells * octave)).astype(np.float32)
        smooth = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(smooth) / octave
    return total / 1.5


def _add_clutter(rng: Generator, backdrop: Image.Image) -> None:
    """Draw an unlabelled, semi-transparent ellipse or polygon."""
    draw = ImageDraw.Draw(backdrop, "RGBA")  # blends colours with an alpha into the backdrop
    tint = (*colour(rng, (0, 1), (0.1, 0.9), (0.2, 0.95)), int(rng.integers(90, 230)))
    centre, reach = rng.uniform(0, backdrop.size), rng.uniform(0.03, 0.13) * max(backdrop.size)
    if rng.random() < 0.5:
        draw.ellipse([*(centre - reach / 2), *(centre + reach / 2)], tint)
    else:
        angles = np.sort(rng.uniform(0, 2 * pi, int(rng.integers(3, 6))))
        corners = centre + reach * np.stack([np.cos(angles), np.sin(angles)], -1)
        draw.polygon(corners.ravel().tolist(), tint)
