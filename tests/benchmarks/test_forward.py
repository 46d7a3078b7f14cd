"""The model made ready for inference answers as the one that learnt."""

from torch.testing import assert_close

from benchmarks import forward


def test_equal_answers():
    learnt, prepared, images = forward.models(64)
    got = forward.forward(prepared, images, "float32")
    for key, value in forward.forward(learnt, images, "float32").items():
        assert_close(got[key], value, rtol=1e-3, atol=1e-3)
