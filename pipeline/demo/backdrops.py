"""What lies behind the demo's objects: plaster, tiles or a landscape, with clutter before them."""

from math import pi

import numpy as np
from PIL import Image, ImageDraw

from pipeline.demo.drawings import colour

Canvas = np.ndarray  # float (height, width, 3), 0..255


def paint_backdrop(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Return an RGB backdrop of a random kind, with two to nine pieces of clutter."""
    paint = (_plaster, _tiles, _landscape)[int(rng.integers(3))]
    backdrop = Image.fromarray(paint(rng, width, height).clip(0, 255).astype(np.uint8))
    clutter = _clutter(rng, width, height)
    backdrop.paste(clutter, (0, 0), clutter)
    return backdrop


def _plaster(rng: np.random.Generator, width: int, height: int) -> Canvas:
    """Return a wall on which two muted colours run into each other."""
    return _mix(0.5 + 0.5 * _clouds(rng, width, height, int(rng.integers(2, 10))), *_tones(rng))


def _tiles(rng: np.random.Generator, width: int, height: int) -> Canvas:
    """Return a wall of bricks or tiles, each a little different, with dark joints."""
    rows, columns = int(rng.integers(4, 11)), int(rng.integers(3, 8))
    y = np.linspace(0, rows, height)[:, None]
    x = np.linspace(0, columns, width)[None] + 0.5 * (np.floor(y) % 2)
    shades = rng.uniform(-0.17, 0.17, (rows + 1, columns + 2))
    share = 0.5 + shades[y.astype(int), x.astype(int)]
    joint = (x % 1 < 0.07) | (y % 1 < 0.1)
    return _mix(share, *_tones(rng)) * np.where(joint, 0.7, 1.0)[..., None]


def _landscape(rng: np.random.Generator, width: int, height: int) -> Canvas:
    """Return a plain sky above rough ground."""
    y = np.linspace(0, 1, height)[:, None]
    horizon = rng.uniform(0.35, 0.75) + 0.04 * _clouds(rng, width, height, 4)
    sky = _mix(y + 0 * horizon, *_tones(rng))
    ground = _mix(0.5 + 0.5 * _clouds(rng, width, height, 12), *_tones(rng))
    return np.where((y > horizon)[..., None], ground, sky)


def _tones(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return two muted colours `(3,)`, quieter than most objects."""
    first, second = (np.array(colour(rng, (0, 1), (0.05, 0.5), (0.25, 0.95))[:3]) for _ in "ab")
    return first, second


def _mix(share: np.ndarray, first: np.ndarray, second: np.ndarray) -> Canvas:
    """Return the blend of two colours by `share` `(height, width)` in 0..1."""
    return first + share[..., None] * (second - first)


def _clouds(rng: np.random.Generator, width: int, height: int, cells: int) -> np.ndarray:
    """Return smooth noise `(height, width)` in about -1..1: enlarged grids of random numbers."""
    total = np.zeros((height, width), np.float32)
    for octave in range(3):
        coarse = rng.uniform(-1, 1, 2 * (cells * 2**octave,)).astype(np.float32)
        fine = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(fine) / 2**octave
    return total / 1.5


def _clutter(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Return an RGBA layer of strokes, blobs and shards that no label names."""
    layer = Image.new("RGBA", (2 * width, 2 * height))  # halved below, which smooths the edges
    draw = ImageDraw.Draw(layer)
    for _ in range(int(rng.integers(2, 10))):
        red, green, blue, _ = colour(rng, (0, 1), (0.1, 0.9), (0.2, 0.95))
        tint = (red, green, blue, int(rng.integers(90, 230)))
        centre, reach = rng.uniform(0, 1, 2) * layer.size, rng.uniform(0.03, 0.13) * max(layer.size)
        angles = np.sort(rng.uniform(0, 2 * pi, int(rng.integers(3, 6))))
        around = np.stack([np.cos(angles), np.sin(angles)], -1) * reach
        points = [tuple(point) for point in (centre + around).tolist()]
        kind = int(rng.integers(3))
        if kind == 0:
            draw.line(points, fill=tint, width=int(rng.integers(2, 7)), joint="curve")
        elif kind == 1:
            draw.ellipse([*(centre - reach / 2), *(centre + reach / 2)], fill=tint)
        else:
            draw.polygon(points, fill=tint)
    return layer.reduce(2)
