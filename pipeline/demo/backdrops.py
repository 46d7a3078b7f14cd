"""What lies behind the demo's objects: gradients, textures, and clutter that is no object."""

from collections.abc import Callable
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from pipeline.demo.drawings import Colour, colour

Canvas = np.ndarray  # float32 (height, width, 3), 0..255


def paint_backdrop(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Return an RGB backdrop of a random kind, with two to nine pieces of clutter."""
    paint = _KINDS[int(rng.integers(len(_KINDS)))]
    pixels = paint(rng, width, height) + _clouds(rng, width, height, 6, 1)[..., None] * 14
    backdrop = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    clutter = _clutter(rng, width, height)
    backdrop.paste(clutter, (0, 0), clutter)
    return backdrop


def _tone(rng: np.random.Generator) -> np.ndarray:
    """Return a muted colour `(3,)`, quieter than most objects."""
    return np.array(colour(rng, (0, 1), (0.05, 0.5), (0.25, 0.95))[:3], np.float32)


def _mix(share: np.ndarray, first: np.ndarray, second: np.ndarray) -> Canvas:
    """Return the blend of two colours by `share` (height, width) in 0..1."""
    return first + share[..., None].astype(np.float32) * (second - first)


def _grid(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x `(1, width)` and y `(height, 1)`, both in 0..1."""
    return np.linspace(0, 1, width)[None], np.linspace(0, 1, height)[:, None]


def _clouds(
    rng: np.random.Generator, width: int, height: int, cells: int, octaves: int = 3
) -> np.ndarray:
    """Return smooth noise `(height, width)` in about -1..1: enlarged grids of random numbers."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        side = cells * 2**octave
        coarse = rng.uniform(-1, 1, (side, side)).astype(np.float32)
        fine = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(fine) / 2**octave
    return total / 1.5


def _gradient(rng: np.random.Generator, width: int, height: int) -> Canvas:
    x, y = _grid(width, height)
    angle = rng.uniform(0, 2 * pi)
    share = 0.5 + 0.7 * ((x - 0.5) * cos(angle) + (y - 0.5) * sin(angle))
    return _mix(share, _tone(rng), _tone(rng))


def _glow(rng: np.random.Generator, width: int, height: int) -> Canvas:
    x, y = _grid(width, height)
    centre = rng.uniform(0.1, 0.9, 2)
    share = np.exp(-4 * ((x - centre[0]) ** 2 + (y - centre[1]) ** 2))
    return _mix(share, _tone(rng), _tone(rng))


def _plaster(rng: np.random.Generator, width: int, height: int) -> Canvas:
    share = 0.5 + 0.5 * _clouds(rng, width, height, int(rng.integers(3, 10)))
    return _mix(share, _tone(rng), _tone(rng))


def _stripes(rng: np.random.Generator, width: int, height: int) -> Canvas:
    x, y = _grid(width, height)
    angle, waves = rng.uniform(0, pi), rng.uniform(4, 16)
    bend = 0.06 * _clouds(rng, width, height, 3, 1)
    share = 0.5 + 0.5 * np.sin(2 * pi * waves * (x * cos(angle) + y * sin(angle) + bend))
    first, second = _tone(rng), _tone(rng)
    return _mix(share, first, first + 0.4 * (second - first))


def _tiles(rng: np.random.Generator, width: int, height: int) -> Canvas:
    """Return a wall of bricks or tiles, each a little different, with dark joints."""
    x, y = _grid(width, height)
    rows, columns = int(rng.integers(4, 11)), int(rng.integers(3, 8))
    row = np.floor(y * rows)
    shifted = x * columns + 0.5 * (row % 2)
    column = np.floor(shifted)
    tints = rng.uniform(-0.5, 0.5, (rows + 1, columns + 2))
    share = 0.5 + tints[row.astype(int), column.astype(int)]
    first, second = _tone(rng), _tone(rng)
    wall = _mix(share, first, first + 0.35 * (second - first))
    joint = (shifted - column < 0.07) | (y * rows - row < 0.1)
    return np.where(joint[..., None], wall * 0.7, wall).astype(np.float32)


def _horizon(rng: np.random.Generator, width: int, height: int) -> Canvas:
    """Return a plain sky above rough ground."""
    _, y = _grid(width, height)
    edge = rng.uniform(0.35, 0.75) + 0.04 * _clouds(rng, width, height, 4, 1)
    sky = _mix(y + 0 * edge, _tone(rng), _tone(rng))
    ground = _mix(0.5 + 0.5 * _clouds(rng, width, height, 12, 2), _tone(rng), _tone(rng))
    return np.where((y > edge)[..., None], ground, sky).astype(np.float32)


_KINDS: tuple[Callable[[np.random.Generator, int, int], Canvas], ...] = (
    _gradient,
    _glow,
    _plaster,
    _stripes,
    _tiles,
    _horizon,
)


def _clutter(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Return an RGBA layer of strokes, arcs, blobs and shards that no label names."""
    layer = Image.new("RGBA", (2 * width, 2 * height))  # halved below, which smooths the edges
    draw = ImageDraw.Draw(layer)
    for _ in range(int(rng.integers(2, 10))):
        r, g, b, _ = colour(rng, (0, 1), (0.1, 0.9), (0.2, 0.95))
        tint = (r, g, b, int(rng.integers(90, 230)))
        centre = rng.uniform(0, 1, 2) * layer.size
        reach = rng.uniform(0.03, 0.13) * max(layer.size)
        _PIECES[int(rng.integers(len(_PIECES)))](rng, draw, centre, reach, tint)
    return layer.reduce(2)


def _around(rng: np.random.Generator, centre: np.ndarray, reach: float, points: int) -> list[tuple]:
    """Return points near the centre, as the drawing functions want them."""
    return [tuple(point) for point in (centre + rng.uniform(-reach, reach, (points, 2))).tolist()]


def _stroke(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    centre: np.ndarray,
    reach: float,
    tint: Colour,
) -> None:
    points = _around(rng, centre, 3 * reach, int(rng.integers(2, 5)))
    draw.line(points, fill=tint, width=int(rng.integers(2, 7)), joint="curve")


def _blob(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    centre: np.ndarray,
    reach: float,
    tint: Colour,
) -> None:
    half = reach * rng.uniform(0.2, 1.0, 2)
    draw.ellipse([*(centre - half), *(centre + half)], fill=tint)


def _arc(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    centre: np.ndarray,
    reach: float,
    tint: Colour,
) -> None:
    start = rng.uniform(0, 360)
    corners = [*(centre - 2 * reach), *(centre + 2 * reach)]
    draw.arc(corners, start, start + rng.uniform(40, 200), fill=tint, width=int(rng.integers(2, 8)))


def _shard(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    centre: np.ndarray,
    reach: float,
    tint: Colour,
) -> None:
    draw.polygon(_around(rng, centre, reach, int(rng.integers(3, 6))), fill=tint)


_PIECES = (_stroke, _blob, _arc, _shard)
