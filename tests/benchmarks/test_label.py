"""Both sides of the labelling benchmark take every photo, and the same pixels."""

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from benchmarks import label
from benchmarks.photos import painted
from pipeline.data.decode import decode_photo
from pipeline.labelling.photo_files import named_photos


def test_both_detect_in_every_photo(tmp_path, monkeypatch):
    paths, _ = painted(5, tmp_path, side=64)
    detector = label.random_detector(64)
    detector.decoding = detector.decoding.model_copy(update={"min_score": 0.0})
    photos, _, _ = named_photos([str(paths[0].parent)])
    assert label.ours(photos, detector, tmp_path) == 5
    [part] = (tmp_path / "labels.job").glob("*.parquet")
    [found] = {len(scores) for scores in pq.read_table(part)["score"].to_pylist()}
    assert found == detector.decoding.max_detections
    monkeypatch.setattr(label, "WORKERS", 0)
    peer = label.peer_model()
    peer.score_thresh = 0.0
    assert label.with_ssdlite(paths, peer) == 5 * peer.detections_per_img


def test_the_peer_reads_the_same_pixels(tmp_path):
    paths, _ = painted(2, tmp_path, side=64)
    for photo, path in zip(label.Jpegs(paths), paths, strict=True):
        difference = (photo * 255 - decode_photo(path).pixels.float()).abs()
        assert torch.isfinite(difference).all() and difference.max() <= 2


def test_the_export_is_of_the_same_network(tmp_path):
    pytest.importorskip("openvino")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    exported = label.exported_detector(64, tmp_path).engine.run(pixels)
    for name, output in label.random_detector(64).engine.run(pixels).items():
        torch.testing.assert_close(exported[name].float(), output.float(), rtol=0.02, atol=0.05)
