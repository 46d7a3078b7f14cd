"""Two processes measure and keep the same as one does, to the last bit."""

import tempfile
from pathlib import Path

import pytest
import torch

from pipeline.data import ranks
from pipeline.rungs.registry import find_rung
from pipeline.train.feature_cache import FeatureCache, outputs_of
from pipeline.train.loop import validate
from tests.data.test_batches import WILD, batches_of, photos_of
from tests.rungs.making import model_of, params_of

RUNG = "ssd_fpn"


def _validated(batch_size: int, cached: bool) -> dict[str, float]:
    model = model_of(RUNG, channels=16).eval()
    rung = find_rung(RUNG)
    source = batches_of(photos_of(), image_size=64, batch_size=batch_size)

    def decode(outputs, side):
        settings = {"min_score": 0.0, "nms_threshold": 0.5, "max_detections": 300}
        return rung.decode(outputs, image_size=side, **settings)

    criterion = rung.criterion(model, params_of(RUNG))
    with tempfile.TemporaryDirectory() as folder:
        if cached:
            source = _cache(source, model, folder, shuffled=False)
        return validate(model, criterion, source, "float32", decode)[0]


def _cache(source, model, folder, *, shuffled):
    return FeatureCache(
        source, model, seed=3, shuffled=shuffled, precision="float32", folder=Path(folder)
    )


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 4])  # of four photos: 4 batches, 2, and 1
def test_val_is_measured_as_by_one(together, batch_size, cached):
    alone = _validated(batch_size, cached)
    assert alone["voc_map_50"] > 0
    assert together(_validated, batch_size, cached) == [alone, alone]


def _head_outputs(batch_size: int) -> list[torch.Tensor]:
    model = model_of(RUNG, channels=16).eval()
    source = batches_of(photos_of(), image_size=64, batch_size=batch_size, augment=WILD)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        cache = _cache(source, model, folder, shuffled=True)
        batches = [batch for epoch in (1, 2) for batch in cache.epoch(epoch)]
        mine = [outputs_of(model, batch)["cls_logits"] for batch in batches]
        for batch, output in zip(batches, mine, strict=True):
            assert len(batch.images) == len(output)
    sizes = [len(batch.photo) for batch in batches]
    return [ranks.gather_rows(one, size) for one, size in zip(mine, sizes, strict=True)]


@pytest.mark.parametrize("batch_size", [3, 4])  # 3 leaves a batch of one in the first pass
def test_features_that_are_kept_are_of_all(together, batch_size):
    alone = _head_outputs(batch_size)
    for seen in together(_head_outputs, batch_size):
        assert len(seen) == len(alone)
        for ours, theirs in zip(seen, alone, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
