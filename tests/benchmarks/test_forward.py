"""The models made ready for inference answer as the one that learnt."""

from torch.testing import assert_close

from benchmarks import forward


def test_equal_answers():
    learnt, *faster, images = forward.models(64)
    expected = forward.forward(learnt, images, "float32")
    assert len(faster) == 2
    for model in faster:
        got = forward.forward(model, images, "float32")
        for key, value in expected.items():
            assert_close(got[key], value, rtol=1e-3, atol=1e-3)
