"""The record of the first photos of a training: photos of one colour each."""

import numpy as np
import pytest
import torch

from pipeline.data.first_batch import first_batch
from tests.data.split import photos_of
from tests.data.test_batches import NEUTRAL, STD, WILD, batches_of
from tests.data.test_ranks import as_one_of


def test_unchanged_photos_are_left_as_they_are():
    records = first_batch(batches_of(photos_of(), batch_size=4, augment=NEUTRAL), seed=0)
    assert records["row"].tolist() == [0, 1, 2, 4]
    for row, pixels in zip(records["row"], records["pixels"], strict=True):
        assert pixels.shape == (16, 16, 3) and pixels.dtype == np.uint8
        assert (pixels == 40 * row).all()
    assert records["boxes"][0, 0].tolist() == pytest.approx([4, 4, 12, 12], abs=1e-4)
    assert records["labels"].tolist()[:2] == [[0, 1, 2], [1, 2, -1]]
    assert records["ignore"][0, 1]


def test_it_is_what_the_network_gets_and_equal_seeds_give_equal_bytes():
    batches = batches_of(photos_of(), augment=WILD)
    records, batch = first_batch(batches, seed=7), next(batches.epoch(7))
    assert np.array_equal(records["boxes"], batch.boxes.numpy())
    assert np.array_equal(records["ignore"], batch.ignore.numpy())
    red = (batch.images[:, 0] * STD[0] + batches.mean[0, 0]).clamp(0, 1) * 255
    assert np.abs(records["pixels"][..., 0] - red.numpy()).max() <= 0.51
    assert first_batch(batches, seed=7).tobytes() == records.tobytes()
    assert first_batch(batches, seed=8).tobytes() != records.tobytes()


def test_the_random_state_of_the_training_stays():
    before = torch.get_rng_state()
    first_batch(batches_of(photos_of(), augment=WILD), seed=7)
    assert torch.equal(torch.get_rng_state(), before)


def test_one_of_two_processes_leaves_its_share():
    batches = batches_of(photos_of(), batch_size=4, augment=NEUTRAL)
    with as_one_of(0, 2):
        records = first_batch(batches, seed=0)
    assert records["row"].tolist() == [0, 1]
    assert [pixels.mean() for pixels in records["pixels"]] == [0, 40]


def test_twelve_photos_are_enough(monkeypatch):
    monkeypatch.setattr("pipeline.data.first_batch._PHOTOS", 2)
    assert len(first_batch(batches_of(photos_of(), augment=WILD), seed=0)) == 2
