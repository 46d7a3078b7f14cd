"""Paints labelled photos, so that the whole ladder runs without a download."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from pipeline.boxes import xyxy_to_xywh
from pipeline.demo.backdrops import paint_backdrop
from pipeline.demo.drawings import DRAWINGS, Pen
from pipeline.formats.new_pascal import new_annotation, new_pascal
from pipeline.progress import progress

CLASSES = tuple(DRAWINGS)

_OBJECTS_A_PHOTO = (0.04, 0.24, 0.22, 0.18, 0.13, 0.08, 0.05, 0.03, 0.03)  # shares of 0..8 objects
_MAIN_SIDE = (0.48, 0.66)  # sqrt(box area) as a share of sqrt(photo area)
_OTHER_SIDE = (0.16, 0.29)
_FAINT_SHARE = 0.05  # of the objects beside the main one; drawn pale and marked `ignore`
_HIDDEN = 0.7  # an object of which more than this is covered is marked `ignore`
_SOLID = 96  # alpha from which a pixel belongs to the object


@dataclass(frozen=True)
class Painted:
    """One object as it came to lie in the photo."""

    name: str
    box: tuple[int, int, int, int]  # xyxy pixel edges
    ignore: bool


def paint_demo(folder: Path, photos: int, size: int, seed: int) -> dict:
    """Write `photos` JPEGs into `folder/photos` and return their Pascal JSON.

    Photo i depends on `(seed, i)` alone, so a larger set begins with the smaller one. Boxes are the
    tight hull of an object's solid pixels inside the photo, whether or not others cover them.

    Args:
        folder: where `photos/` is made.
        photos: how many, at least 1.
        size: the longer side in pixels, at least 32.
        seed: any integer from 0.

    Returns:
        `{"images", "annotations", "categories", "type"}`; bbox is 0-based `[x, y, w, h]`.
    """
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    images: list[dict] = []
    annotations: list[dict] = []
    for number in progress(range(1, photos + 1), desc="painting", unit="photos"):
        photo, objects = paint_photo(np.random.default_rng([seed, number - 1]), size)
        name = f"{number - 1:06d}.jpg"
        photo.save(folder / "photos" / name, quality=90)
        sides = {"width": photo.width, "height": photo.height}
        images.append({"id": number, "file_name": name, **sides})
        for painted in objects:
            category_id = CLASSES.index(painted.name) + 1
            box = xyxy_to_xywh(np.array(painted.box)).tolist()
            annotations.append(
                new_annotation(len(annotations) + 1, number, category_id, box, int(painted.ignore))
            )
    return new_pascal(images, annotations, CLASSES, "drawing")


def paint_photo(rng: np.random.Generator, size: int) -> tuple[Image.Image, list[Painted]]:
    """Return one RGB photo, its longer side `size` pixels, and the objects in it."""
    short = round(size * rng.uniform(0.68, 0.84))
    width, height = (size, short) if rng.random() < 0.65 else (short, size)
    canvas = paint_backdrop(rng, width, height)
    layers: list[tuple[str, np.ndarray, bool]] = []  # name, solid pixels (height, width), faint
    taken: list[tuple[int, int, int, int]] = []
    for k in range(int(rng.choice(len(_OBJECTS_A_PHOTO), p=_OBJECTS_A_PHOTO))):
        name = CLASSES[int(rng.integers(len(CLASSES)))]
        side = rng.uniform(*(_MAIN_SIDE if k == 0 else _OTHER_SIDE)) * sqrt(width * height)
        faint = k > 0 and rng.random() < _FAINT_SHARE
        sprite = _draw_sprite(rng, name, side, (width, height), faint)
        place = _find_place(rng, sprite.size, (width, height), taken)
        taken.append((*place, place[0] + sprite.width, place[1] + sprite.height))
        canvas.paste(sprite, place, sprite)
        layers.append((name, _solid_pixels(sprite, place, (width, height), faint), faint))
    return _develop(rng, canvas), _label(layers)


def _draw_sprite(
    rng: np.random.Generator, name: str, side: float, photo_wh: tuple[int, int], faint: bool
) -> Image.Image:
    """Draw one object, turned and cropped, so that sqrt(box area) is `side` pixels."""
    pen = Pen(max(32, round(1.6 * side)))  # drawn larger: the reduction smooths its edges
    DRAWINGS[name](pen, rng)
    tile = pen.image
    if rng.random() < 0.5:
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    tile = tile.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR, expand=True)
    tile = tile.crop(tile.getbbox())
    scale = side / sqrt(tile.width * tile.height)
    scale = min(scale, 0.96 * photo_wh[0] / tile.width, 0.96 * photo_wh[1] / tile.height)
    wanted = (max(1, round(tile.width * scale)), max(1, round(tile.height * scale)))
    tile = tile.resize(wanted, Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC)
    return _light(rng, tile, rng.uniform(0.15, 0.3) if faint else 1.0)


def _light(rng: np.random.Generator, tile: Image.Image, opacity: float) -> Image.Image:
    """Let light fall across the object, so that its parts are no flat colours."""
    pixels = np.asarray(tile).astype(np.float32)
    height, width = pixels.shape[:2]
    slope = rng.uniform(-0.22, 0.22, 2)
    down, across = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    light = 1 + slope[0] * down + slope[1] * across  # (height, width)
    grain = 5 * rng.standard_normal((height, width), np.float32)
    pixels[..., :3] = pixels[..., :3] * light[..., None] + grain[..., None]
    pixels[..., 3] *= opacity
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8), "RGBA")


def _find_place(
    rng: np.random.Generator,
    sprite_wh: tuple[int, int],
    photo_wh: tuple[int, int],
    taken: list[tuple[int, int, int, int]],
) -> tuple[int, int]:
    """Return the upper left corner that hides least of what lies there, out of a few tries."""
    wh, room = np.array(sprite_wh), np.array(photo_wh) - sprite_wh
    slack = 0.12 * wh * (rng.random() < 0.3)  # some objects reach over the border
    allowed = 0.5 if rng.random() < 0.2 else 0.08
    corners = rng.uniform(-slack, room + slack, (24, 2)).round().astype(int)
    if not taken:
        return tuple(corners[0].tolist())
    others = np.array(taken)  # (K, 4)
    low = np.maximum(corners[:, None], others[:, :2])
    high = np.minimum(corners[:, None] + wh, others[:, 2:])
    common = (high - low).clip(0).prod(-1)  # (24, K) pixels
    smaller = np.minimum(wh.prod(), (others[:, 2:] - others[:, :2]).prod(-1))
    hidden = (common / smaller).max(-1)
    best = int(np.argmax(hidden <= allowed)) if (hidden <= allowed).any() else int(hidden.argmin())
    return tuple(corners[best].tolist())


def _solid_pixels(
    sprite: Image.Image, place: tuple[int, int], photo_wh: tuple[int, int], faint: bool
) -> np.ndarray:
    """Return the mask `(height, width)` of the photo's pixels that the object fills."""
    mask = Image.new("L", photo_wh)
    mask.paste(sprite.getchannel("A"), place)
    return np.asarray(mask) >= (_SOLID * 0.15 if faint else _SOLID)


def _label(layers: list[tuple[str, np.ndarray, bool]]) -> list[Painted]:
    """Return box and `ignore` of each layer; later layers lie on top of earlier ones."""
    painted, above = [], np.zeros((1, 1), bool)
    for name, solid, faint in reversed(layers):
        hidden = (solid & above).sum() / max(1, solid.sum())
        if not faint:
            above = above | solid
        columns, rows = np.flatnonzero(solid.any(0)), np.flatnonzero(solid.any(1))
        if len(columns):
            hull = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
            painted.append(Painted(name, hull, faint or bool(hidden > _HIDDEN)))
    return painted[::-1]


def _develop(rng: np.random.Generator, canvas: Image.Image) -> Image.Image:
    """Give the painting what a camera adds: a little blur, exposure, tint and noise."""
    if rng.random() < 0.3:
        canvas = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    pixels = np.asarray(canvas).astype(np.float32)
    gain = rng.uniform(0.85, 1.12) * rng.uniform(0.95, 1.05, 3)
    noise = rng.standard_normal(pixels.shape, np.float32) * np.float32(rng.uniform(1, 6))
    return Image.fromarray((pixels * gain.astype(np.float32) + noise).clip(0, 255).astype(np.uint8))
