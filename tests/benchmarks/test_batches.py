"""Without chance, the benchmark's loader and ours serve the same images and boxes."""

import pytest
import torch
from torch.testing import assert_close

from benchmarks import batches
from benchmarks.batches import loader, our_batches
from benchmarks.photos import painted, stored

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")


def by_photo(source):
    return {
        int(photo): (batch.images[row], batch.boxes[row], batch.labels[row], batch.ignore[row])
        for batch in source
        for row, photo in enumerate(batch.photo)
    }


def test_equal_batches(tmp_path, monkeypatch):
    still = {"flip": 0.0, "rotate": 0.0, "crop": 1.0, "zoom_out": 1.0, "lighting": 0.0}
    monkeypatch.setattr(batches, "CHANGE", still)
    monkeypatch.setattr(batches, "BATCH", 2)
    paths, pascal = painted(4, tmp_path)
    mine = by_photo(our_batches(stored(4, tmp_path)).epoch(0))
    other = by_photo(loader(paths, pascal, workers=0))
    assert sorted(mine) == sorted(other) == [0, 1, 2, 3]
    for photo, (images, boxes, labels, ignore) in mine.items():
        count = int((labels >= 0).sum())
        assert int((other[photo][2] >= 0).sum()) == count
        assert_close(images, other[photo][0], rtol=0, atol=0.02)  # 1 of 255, after normalising
        assert_close(boxes[:count], other[photo][1][:count], rtol=0, atol=0.01)
        assert torch.equal(labels[:count], other[photo][2][:count])
        assert torch.equal(ignore[:count], other[photo][3][:count])
