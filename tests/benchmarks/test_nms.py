"""The benchmark's loop over classes and ours find the same."""

from torch.testing import assert_close

from benchmarks.nms import inputs, ours, per_class_loop


def test_equal_detections():
    tensors = inputs(photos=6, columns=4, objects=5)
    found, expected = ours(*tensors), per_class_loop(*tensors)
    assert [len(photo.scores) for photo in found] != [0] * 6
    for mine, other in zip(found, expected, strict=True):
        assert_close(vars(mine), vars(other))
