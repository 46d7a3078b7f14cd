"""A program is captured for batches of any size, and the model stays as it is."""

import logging
import warnings

import pytest
import torch

from pipeline.export.program import capture, example_pixels, quiet
from tests.exported_files import program_of, some_pixels, torch_engine
from tests.inference.making import model_of, spec_of


def test_a_batch_may_have_any_size():
    program, reference = program_of("ssd_fpn"), torch_engine("ssd_fpn")
    assert program.outputs == ["cls_logits", "boxes"]
    for count in (1, 2, 7):
        pixels = some_pixels("ssd_fpn", count)
        found = program.captured.module()(torch.from_numpy(pixels))
        expected = reference.run(pixels)
        torch.testing.assert_close(found["boxes"], expected["boxes"], rtol=1e-5, atol=1e-4)
    assert example_pixels(64).shape == (2, 64, 64, 3)


@pytest.mark.slow
@pytest.mark.parametrize("rung", ["classifier", "bbox", "combined", "ssd_189"])
def test_the_lessons_form_is_captured_too(rung):
    from pipeline.rungs.saved_model import build_model

    spec = spec_of(rung, options={"form": "lesson", "dropout": 0.1})
    model = build_model(spec).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    program = capture(model, spec)
    pixels = torch.from_numpy(some_pixels(rung, 3))
    assert all(len(value) == 3 for value in program.captured.module()(pixels).values())
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_model_is_not_changed():
    model = model_of("combined")
    names = list(model.state_dict())
    capture(model, spec_of("combined"))
    assert list(model.state_dict()) == names


def test_exporters_are_quiet_and_the_user_is_not(caplog):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with quiet():
            warnings.warn("inner workings", stacklevel=1)
            logging.getLogger("torch").warning("inner workings")
        logging.getLogger("torch").warning("after")
    assert not heard and [record.message for record in caplog.records] == ["after"]
