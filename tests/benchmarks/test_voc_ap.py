"""The benchmark's devkit loop and ours give the same average precisions."""

import numpy as np

from benchmarks.voc_ap import devkit_loop, inputs, ours


def test_equal_average_precisions():
    truth, detections = inputs(60)
    found = ours(truth, detections)
    assert np.nanmax(found) > 0.05
    np.testing.assert_allclose(found, devkit_loop(truth, detections), rtol=0, atol=1e-9)
