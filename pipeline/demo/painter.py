"""Paints labelled photos, so that the whole ladder runs without a download."""

from math import sqrt
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from PIL import Image

from pipeline.boxes import area, xyxy_to_xywh
from pipeline.demo.backdrops import paint_backdrop
from pipeline.demo.drawings import DRAWINGS, Pen
from pipeline.formats.pascal.parts import new_annotation, new_pascal
from pipeline.progress import progress

CLASSES = tuple(DRAWINGS)

Pair = tuple[int, int]  # x, y or width, height in pixels
Box = tuple[int, int, int, int]  # xyxy pixel edges

# The shares of photos with 0..8 objects, and the ranges of sqrt(box area / photo area).
_COUNTS = (0.04, 0.24, 0.22, 0.18, 0.13, 0.08, 0.05, 0.03, 0.03)
_MAIN_SIDE = (0.48, 0.66)  # of a photo's first object, the largest
_OTHER_SIDE = (0.16, 0.29)
_FAINT = 0.05  # share of the other objects that are drawn pale and marked `ignore`
_HIDDEN = 0.7  # an object is marked `ignore` if more than this share of it is covered
_SOLID = 96  # alpha, out of 255, from which a pixel belongs to the object


class Painted(NamedTuple):
    """One object of a photo; `pixels` is its mask `(height, width)`, `box` is the hull of that."""

    name: str
    box: Box
    pixels: np.ndarray
    ignore: bool


def paint_demo(folder: Path, photos: int, size: int, seed: int) -> dict:
    """Write `photos` JPEGs into `folder/photos` and return their Pascal JSON.

    Photo i depends only on `(seed, i)`, so a larger set starts with the smaller one. `size` is the
    longer side in pixels, at least 32; a bbox is 0-based `[x, y, width, height]`.
    """
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    images: list[dict] = []
    annotations: list[dict] = []
    for index in progress(range(photos), desc="painting", unit="photos"):
        photo, objects = paint_photo(np.random.default_rng([seed, index]), size)
        name = f"{index:06d}.jpg"
        photo.save(folder / "photos" / name, quality=90)
        sides = {"width": photo.width, "height": photo.height}
        images.append({"id": index + 1, "file_name": name, **sides})
        for painted in objects:
            number, category_id = len(annotations) + 1, CLASSES.index(painted.name) + 1
            xywh = xyxy_to_xywh(np.array(painted.box)).tolist()
            item = new_annotation(number, index + 1, category_id, xywh, int(painted.ignore))
            annotations.append(item)
    return new_pascal(images, annotations, CLASSES, "drawing")


def paint_photo(rng: Generator, size: int) -> tuple[Image.Image, list[Painted]]:
    """Return one RGB photo whose longer side is `size` pixels, and the objects in it."""
    short = round(size * rng.uniform(0.68, 0.84))
    photo = paint_backdrop(rng, *((size, short) if rng.random() < 0.65 else (short, size)))
    objects: list[Painted] = []
    for number in range(int(rng.choice(len(_COUNTS), p=_COUNTS))):
        name = CLASSES[int(rng.integers(len(CLASSES)))]
        share = rng.uniform(*(_OTHER_SIDE if number else _MAIN_SIDE))
        faint = bool(number and rng.random() < _FAINT)
        sprite = draw_sprite(rng, name, share * sqrt(photo.width * photo.height))
        corner = find_corner(rng, sprite.size, photo.size, [painted.box for painted in objects])
        pixels = paste_sprite(photo, sprite, corner, rng.uniform(0.15, 0.3) if faint else 1)
        if box := Image.fromarray(pixels).getbbox():  # None if no pixel of it is in the photo
            objects.append(Painted(name, box, pixels, ignore=faint))
    return develop(rng, photo), ignore_hidden(objects)


def draw_sprite(rng: Generator, name: str, side: float) -> Image.Image:
    """Return one object as RGBA, rotated and cropped, with sqrt(width * height) equal to `side`."""
    pen = Pen(max(32, round(1.6 * side)))  # drawn larger, as downscaling smooths the edges
    DRAWINGS[name](pen, rng)
    tile = pen.tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else pen.tile
    tile = tile.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR, expand=True)
    tile = tile.crop(tile.getbbox())
    scale = side / sqrt(tile.width * tile.height)
    return tile.resize((round(scale * tile.width), round(scale * tile.height)))


def find_corner(rng: Generator, sprite_wh: Pair, photo_wh: Pair, boxes: list[Box]) -> Pair:
    """Return the upper left corner for a sprite: the first of 24 random ones that overlaps little.

    Three in ten sprites may extend over the photo's border, by up to 12 % of their side. Two in ten
    may overlap another object by half of the smaller box, the others by 8 %. If every try overlaps
    more, the one with the smallest overlap is returned.
    """
    wh, others = np.array(sprite_wh), np.array(boxes).reshape(-1, 4)
    beyond = 0.12 * wh * (rng.random() < 0.3)
    allowed = 0.5 if rng.random() < 0.2 else 0.08
    tries = rng.random((24, 1, 2)) * (np.array(photo_wh) - wh + 2 * beyond) - beyond
    corners = tries.round().astype(int)
    low, high = np.maximum(corners, others[:, :2]), np.minimum(corners + wh, others[:, 2:])
    common = area(np.concatenate([low, high], -1))  # (24, K) pixels
    shared = (common / np.minimum(wh.prod(), area(others))).max(-1, initial=0)
    x, y = corners[np.maximum(shared, allowed).argmin(), 0].tolist()  # the first of equal ones
    return x, y


def paste_sprite(
    photo: Image.Image, sprite: Image.Image, corner: Pair, opacity: float = 1
) -> np.ndarray:
    """Paint the sprite into the photo; return the mask `(height, width)` of its solid pixels.

    What lies beyond the border is cut off, also from the mask.
    """
    alpha = sprite.getchannel("A")
    photo.paste(sprite, corner, alpha.point(lambda value: round(opacity * value)))
    mask = Image.new("L", photo.size)
    mask.paste(alpha, corner)
    return np.asarray(mask) >= _SOLID


def ignore_hidden(objects: list[Painted]) -> list[Painted]:
    """Return the objects, with `ignore` set if later ones, which lie on top, cover most pixels."""
    marked: list[Painted] = []
    above = np.zeros((1, 1), bool)
    for painted in reversed(objects):
        hidden = (painted.pixels & above).sum() / painted.pixels.sum()
        marked.append(painted._replace(ignore=painted.ignore or bool(hidden > _HIDDEN)))
        if not painted.ignore:  # a pale one covers nothing
            above = above | painted.pixels
    return marked[::-1]


def develop(rng: Generator, photo: Image.Image) -> Image.Image:
    """Return the photo as a camera takes it: exposure not quite right, a tint, and noise."""
    gain = rng.uniform(0.85, 1.12) * rng.uniform(0.95, 1.05, 3)
    noise = rng.uniform(1, 6) * rng.standard_normal((photo.height, photo.width, 3), np.float32)
    return Image.fromarray((np.asarray(photo) * gain + noise).clip(0, 255).astype(np.uint8))
