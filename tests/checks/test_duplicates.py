"""Copies of photos: equal, resized and re-encoded files are found, different photos are not."""

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.checks.duplicates import find_copies
from pipeline.checks.fingerprints import SIDE, Fingerprints, fingerprints
from pipeline.demo.painter import paint_photo


def pairs_of(prints, held=None):
    held = np.zeros(len(prints.digests), bool) if held is None else np.array(held)
    return [tuple(pair) for pair in find_copies(prints, held).pairs.tolist()]


def made(thumbnails, digests=None, decoded=None):
    count = len(thumbnails)
    return Fingerprints(
        np.arange(count, dtype=np.uint64) if digests is None else np.array(digests, np.uint64),
        np.array(thumbnails, np.uint8).reshape(count, SIDE, SIDE),
        np.ones(count, bool) if decoded is None else np.array(decoded),
    )


def noise(seed):
    """Return a thumbnail of large random patches, as photos have."""
    patches = np.random.default_rng(seed).integers(0, 255, (8, 8))
    return np.kron(patches, np.ones((4, 4)))


def test_no_photos():
    assert pairs_of(made([])) == []


def test_files_that_do_not_decode_are_no_copies():
    black = np.zeros((SIDE, SIDE))
    assert pairs_of(made([black, black], [5, 5], [False, False])) == []


def test_flat_photos_are_copies_only_if_their_files_are_equal():
    grey = np.full((SIDE, SIDE), 90)
    assert pairs_of(made([grey, grey, grey], [5, 5, 6])) == [(0, 1)]


def test_equal_files_stand_in_pairs_with_one_outside_train_where_there_is_one():
    prints = made([noise(1)] * 3 + [noise(2)] * 2, [7, 7, 7, 8, 8])
    assert pairs_of(prints, [False, False, True, False, False]) == [(2, 0), (2, 1), (3, 4)]


def test_photos_that_look_the_same_are_found_whatever_their_order():
    prints = made([noise(1), noise(2), noise(1) * 0.98 + 3, noise(3), noise(2) + 1])
    copies = find_copies(prints, np.zeros(5, bool))
    assert copies.pairs.tolist() == [[0, 2], [1, 4]]
    assert not copies.equal.any()


def test_an_object_that_has_come_makes_another_photo():
    other = noise(1).copy()
    other[8:12, 8:12] = (other[8:12, 8:12] + 128) % 256
    assert pairs_of(made([noise(1), other])) == []


def test_a_much_brighter_photo_is_no_copy():
    dim = noise(1) * 0.9
    assert pairs_of(made([dim, dim + 3, dim + 10])) == [(0, 1)]


def test_photos_of_train_leak_if_val_or_test_has_a_copy():
    held = np.array([True, False, False, False, True, True])
    prints = made([noise(1), noise(1), noise(2), noise(2), noise(3), noise(3)])
    leaked = find_copies(prints, held).leaked(held)
    assert np.flatnonzero(leaked).tolist() == [1]  # nor train in train, nor val in val


def test_many_photos_are_compared_in_blocks():
    count = 3000
    thumbnails = np.stack([noise(seed) for seed in range(count)])
    thumbnails[2900] = thumbnails[3] + 1
    assert pairs_of(made(thumbnails)) == [(3, 2900)]


def copies_of(photos: list[Path], folder: Path, chance: random.Random) -> list[Path]:
    """Write a copy of each photo: half to one and a half times as large, JPEG or PNG."""
    written = []
    for place, photo in enumerate(photos):
        with Image.open(photo) as image:
            scale = chance.uniform(0.5, 1.5)
            size = (round(image.width * scale), round(image.height * scale))
            way = chance.choice([Image.Resampling.BILINEAR, Image.Resampling.LANCZOS])
            copy = image.convert("RGB").resize(size, way)
        if place % 4:
            written.append(folder / f"copy{place}.jpg")
            copy.save(written[-1], quality=chance.randint(40, 95))
        else:
            written.append(folder / f"copy{place}.png")
            copy.save(written[-1])
    return written


def test_forty_painted_copies_are_found_and_nothing_else(tmp_path):
    photos = [tmp_path / f"{number}.jpg" for number in range(80)]
    for number, path in enumerate(photos):
        paint_photo(np.random.default_rng([1, number]), 160)[0].save(path, quality=90)
    copies = copies_of(photos[:40], tmp_path, random.Random(1))
    assert pairs_of(fingerprints([*photos, *copies])) == [(n, 80 + n) for n in range(40)]


@pytest.mark.slow
def test_forty_copies_of_real_photos_are_found_and_nothing_else(shared, tmp_path):
    photos = sorted((shared("voc2007") / "images").glob("*.jpg"))
    chosen = random.Random(2).sample(range(len(photos)), 40)
    copies = copies_of([photos[row] for row in chosen], tmp_path, random.Random(2))
    found = pairs_of(fingerprints([*photos, *copies]))
    planted = {(row, len(photos) + place) for place, row in enumerate(chosen)}
    assert planted <= set(found)
    others = [[photos[row].name for row in pair] for pair in set(found) - planted]
    assert others == [["008037.jpg", "009623.jpg"]]  # the only photo that VOC 2007 train has twice
