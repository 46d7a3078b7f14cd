"""Batches from rows and pixels: a few photos of one colour each, with boxes checked by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing import assert_close

from pipeline.data import batches as module
from pipeline.data.batches import Batches
from pipeline.data.photos import photos_of_split
from pipeline.params.train import AugmentParams
from tests.data.split import PHOTOS, images_table, objects_table, photos_of, store
from tests.data.test_ranks import as_one_of

MEAN, STD = (0.5, 0.4, 0.3), (0.5, 0.25, 0.2)
NEUTRAL = AugmentParams(flip=0.0, rotate=0.0, crop=1.0, zoom_out=1.0, lighting=0.0)
WILD = AugmentParams(flip=0.5, rotate=10.0, crop=0.5, zoom_out=2.0, lighting=0.5)


def batches_of(photos, **options):
    defaults = {"image_size": 16, "batch_size": 3, "mean": MEAN, "std": STD}
    return Batches(photos, device=torch.device("cpu"), **{**defaults, **options})


def rows_of(batch, photos):
    """Return the store's row of each photo of a batch, read from its colour."""
    grey = (batch.images[:, 0].mean((1, 2)) * STD[0] + MEAN[0]) * 255
    rows = (grey / 40).round().long().tolist()
    assert rows == photos.rows[batch.photo.numpy()].tolist()
    return rows


@pytest.mark.parametrize("augmentation", [None, WILD])
def test_split_of_background_alone(augmentation):
    photos = photos_of(objects=[])
    batch = next(batches_of(photos, augment=augmentation).epoch(0))
    assert batch.labels.tolist() == [[-1]] * 3
    assert batch.images.isfinite().all()
    assert not batch.ignore.any()


def test_split_without_photos():
    photos = photos_of("test")
    assert len(photos) == 0
    assert list(batches_of(photos).epoch(0)) == []


def test_plain_pass_is_in_order_and_covers_every_photo_once():
    photos = photos_of()
    batches = batches_of(photos)
    seen = list(batches.epoch(0))
    assert len(batches) == len(seen) == 2
    assert [rows_of(batch, photos) for batch in seen] == [[0, 1, 2], [4]]
    assert [batch.photo.tolist() for batch in seen] == [[0, 1, 2], [3]]


def test_plain_batch_by_hand():
    batch = next(batches_of(photos_of(), image_size=16).epoch(0))
    assert batch.images.shape == (3, 3, 16, 16)
    assert batch.images.dtype == torch.float32
    colour = 40 / 255
    normalised = torch.tensor([(colour - m) / s for m, s in zip(MEAN, STD, strict=True)])
    assert_close(batch.images[1], normalised.view(3, 1, 1).expand(3, 16, 16))
    assert_close(batch.boxes[0, 0], torch.tensor([4.0, 4, 12, 12]))
    assert batch.labels.tolist() == [[0, 1, 2], [1, 2, -1], [-1, -1, -1]]
    assert batch.ignore.tolist() == [[False, True, False], [False] * 3, [False] * 3]
    assert batch.images.is_contiguous(memory_format=torch.channels_last)


def test_colours_stay_in_their_channels():
    pixels = store()
    pixels[0] = [255, 0, 51]
    photos = photos_of_split(pixels, images_table(), objects_table(), "train", empty_photos=True)
    seen = next(batches_of(photos, mean=(0.0,) * 3, std=(1.0,) * 3).epoch(0)).images
    assert_close(seen[0, :, 5, 5], torch.tensor([1.0, 0.0, 0.2]))


def test_other_input_size_is_an_antialiased_resize():
    noise = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
    photos = photos_of_split(noise, images_table(), objects_table(), "train", empty_photos=True)
    batch = next(batches_of(photos, image_size=8, mean=(0.0,) * 3, std=(1.0,) * 3).epoch(0))
    red = Image.fromarray(noise[0, ..., 0].astype(np.float32))
    expected = np.asarray(red.resize((8, 8), Image.Resampling.BILINEAR)) / 255
    assert_close(batch.images[0, 0], torch.from_numpy(expected), rtol=0, atol=1e-4)
    assert_close(batch.boxes[0, 0], torch.tensor([2.0, 2, 6, 6]))


def test_store_may_be_a_file_opened_for_reading(tmp_path):
    np.save(tmp_path / "photos.npy", store())
    mapped = np.load(tmp_path / "photos.npy", mmap_mode="r")
    photos = photos_of_split(mapped, images_table(), objects_table(), "train", empty_photos=True)
    assert rows_of(next(batches_of(photos).epoch(0)), photos) == [0, 1, 2]


def test_neutral_augmentation_only_shuffles():
    photos = photos_of()
    plain = next(batches_of(photos, batch_size=4).epoch(0))
    orders = set()
    for seed in range(20):
        (batch,) = batches_of(photos, batch_size=4, augment=NEUTRAL).epoch(seed)
        assert rows_of(batch, photos) == [0, 1, 2, 4]  # within a batch in the store's order
        assert_close(batch.images, plain.images, rtol=0, atol=1e-4)
        assert_close(batch.boxes, plain.boxes)
        assert torch.equal(batch.labels, plain.labels)
        # The box of 2 x 3 pixels is still seen; the photo's own mark stays.
        assert torch.equal(batch.ignore, plain.ignore | too_small(plain))
        pairs = list(batches_of(photos, batch_size=2, augment=NEUTRAL).epoch(seed))
        assert sorted(rows_of(pairs[0], photos) + rows_of(pairs[1], photos)) == [0, 1, 2, 4]
        orders.add(tuple(pairs[0].photo.tolist()))
    assert len(orders) > 3


def too_small(batch):
    """Return True at real boxes with a side below 2 pixels."""
    sides = batch.boxes[..., 2:] - batch.boxes[..., :2]
    return (sides.amin(-1) < 2) & (batch.labels >= 0)


def test_training_pass_leaves_out_the_short_batch():
    batches = batches_of(photos_of(), batch_size=3, augment=WILD)
    assert len(batches) == len(list(batches.epoch(0))) == 1
    seen = {int(p) for seed in range(20) for b in batches.epoch(seed) for p in b.photo}
    assert seen == {0, 1, 2, 3}  # each pass leaves out another one


def test_a_whole_training_pass_leaves_out_nothing():
    batches = batches_of(photos_of(), batch_size=3, augment=WILD)
    passes = [list(batches.epoch(seed, whole=True)) for seed in (0, 0, 1)]
    assert [len(batch.photo) for batch in passes[0]] == [3, 1]
    seen = [[int(p) for batch in each for p in batch.photo] for each in passes]
    assert sorted(seen[0]) == sorted(seen[2]) == [0, 1, 2, 3]
    assert seen[0] == seen[1]


def test_batch_is_not_larger_than_the_split():
    batches = batches_of(photos_of(), batch_size=64, augment=WILD)
    assert [len(batch.photo) for batch in batches.epoch(0)] == [4]
    assert len(batches) == 1


def tensors(batches, seed):
    return [
        part
        for batch in batches.epoch(seed)
        for part in (batch.images, batch.boxes, batch.labels, batch.ignore, batch.photo)
    ]


def test_equal_seeds_give_equal_passes():
    batches = batches_of(photos_of(), batch_size=2, augment=WILD)
    first, again, other = (tensors(batches, seed) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_every_augmentation_is_passed_on():
    photos = photos_of()
    plain = next(batches_of(photos, batch_size=4).epoch(0))
    mirror = AugmentParams(flip=1.0, rotate=0.0, crop=1.0, zoom_out=1.0, lighting=0.0)
    flipped = next(batches_of(photos, batch_size=4, augment=mirror).epoch(0))
    assert_close(flipped.boxes[0, 1], torch.tensor([0.0, 8, 8, 16]))
    lit = AugmentParams(flip=0.0, rotate=0.0, crop=1.0, zoom_out=1.0, lighting=0.5)
    brighter = next(batches_of(photos, batch_size=4, augment=lit).epoch(0))
    assert_close(brighter.boxes, plain.boxes)
    assert not torch.allclose(brighter.images[1], plain.images[1], atol=1e-3)
    for change in ({"rotate": 30.0}, {"crop": 0.5}, {"zoom_out": 3.0}):
        augment = NEUTRAL.model_copy(update=change)
        batches = batches_of(photos, batch_size=4, augment=augment)
        moved = [batch.boxes for seed in range(20) for batch in batches.epoch(seed)]
        assert not all(torch.allclose(boxes, plain.boxes) for boxes in moved), change


def test_object_cropped_away_is_ignored_and_padding_is_not():
    crop = AugmentParams(flip=0.0, rotate=0.0, crop=0.3, zoom_out=1.0, lighting=0.0)
    batches = batches_of(photos_of(), batch_size=4, image_size=64, augment=crop)
    ignored = 0
    for seed in range(30):
        for batch in batches.epoch(seed):
            sides = batch.boxes[..., 2:] - batch.boxes[..., :2]
            gone = (sides.amin(-1) < 2) & (batch.labels >= 0)
            assert batch.ignore[gone].all()
            assert not batch.ignore[batch.labels < 0].any()
            assert batch.ignore[0, 1]  # the mark of the annotation
            assert (batch.boxes >= 0).all()
            assert (batch.boxes <= 64).all()
            ignored += int(gone.sum())
    assert ignored > 0


def test_augmented_pixels_outside_of_the_photo_are_the_mean():
    shrink = AugmentParams(flip=0.0, rotate=0.0, crop=1.0, zoom_out=4.0, lighting=0.0)
    (batch,) = batches_of(photos_of(), batch_size=4, augment=shrink).epoch(1)
    assert batch.images.eq(0).any()


def test_lighting_lies_on_the_canvas_around_a_photo_as_well():
    lit = AugmentParams(flip=0.0, rotate=0.0, crop=1.0, zoom_out=4.0, lighting=0.5)
    whole = [(key, 0, (0, 0, 200, 100), False) for key, split in PHOTOS if split == "train"]
    (batch,) = batches_of(photos_of(objects=whole), batch_size=4, augment=lit).epoch(1)
    sides = batch.boxes[:, 0, 2:] - batch.boxes[:, 0, :2]
    assert (sides < 8).all(1).any()  # so small that a canvas is around that photo
    assert batch.images.ne(0).all()  # 0 is the canvas without lighting
    pixels = batch.images * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    assert pixels.min() >= -1e-6
    assert pixels.max() <= 1 + 1e-6


@given(data=st.data(), processes=st.integers(1, 4), size=st.integers(1, 4), seed=st.integers(0, 99))
def test_processes_share_what_one_has(data, processes, size, seed):
    photos = photos_of()  # four
    augmentation = data.draw(st.sampled_from([None, WILD]))
    whole = data.draw(st.booleans())
    source = batches_of(photos, batch_size=size, augment=augmentation)
    alone = list(source.epoch(seed, whole=whole))
    everyones = []
    for rank in range(processes):
        with as_one_of(rank, processes):
            everyones.append(list(source.epoch(seed, whole=whole)))
    if not augmentation:  # whole batches in turns
        for number, batch in enumerate(alone):
            own = everyones[number % processes].pop(0)
            assert torch.equal(own.images, batch.images) and torch.equal(own.photo, batch.photo)
        assert not any(everyones)
        return
    for parts, batch in zip(zip(*everyones, strict=True), alone, strict=True):
        assert torch.equal(torch.cat([part.images for part in parts]), batch.images)
        for part in parts:  # targets are of all photos, as the loss is
            for name in ("boxes", "labels", "ignore", "weights", "photo"):
                assert torch.equal(getattr(part, name), getattr(batch, name))


class NotingPixels:
    """Pixels that note how many photos are read at once."""

    def __init__(self, pixels: np.ndarray):
        self.pixels = pixels
        self.read: list[int] = []

    def __getitem__(self, rows):
        self.read.append(np.size(rows))
        return self.pixels[rows]


def test_a_gpu_is_filled_a_few_photos_at_a_time(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1 << 40, 1 << 40))
    monkeypatch.setattr(module, "_PHOTOS_AT_ONCE", 3)
    photos = photos_of()  # four
    noting = NotingPixels(photos.pixels)
    with FakeTensorMode(allow_non_fake_inputs=True):  # a GPU need not be there
        store = module._on_device(replace(photos, pixels=noting), torch.device("cuda:0"))
    assert store.shape == (4, *photos.pixels[0].shape) and store.device.type == "cuda"
    assert noting.read == [1, 3, 1]  # the first for its size
