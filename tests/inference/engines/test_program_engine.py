"""A torch program predicts as the model does, to the last bit."""

from dataclasses import replace

import pytest
import torch

from pipeline.errors import InputError
from pipeline.export.program_file import write_program
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.program_engine import ProgramEngine
from tests.exported_files import (
    KINDS,
    SCORES,
    exported_file,
    program_of,
    some_pixels,
    torch_engine,
)
from tests.inference.making import EVERYTHING, spec_of


@pytest.mark.parametrize("rung", KINDS)
def test_outputs_are_those_of_the_model(rung):
    engine, reference = ProgramEngine(exported_file(rung, "torch")), torch_engine(rung)
    for count in (1, 5):
        pixels = some_pixels(rung, count)
        outputs, expected = engine.run(pixels), reference.run(pixels)
        for name in expected:
            torch.testing.assert_close(outputs[name], expected[name], rtol=1e-5, atol=1e-4)
    assert engine.spec.rung == rung


def test_a_rung_that_was_trained_in_bfloat16_answers_in_float32(tmp_path):
    spec = replace(spec_of("ssd_fpn"), precision="bfloat16")
    write_program(program_of("ssd_fpn"), Description(spec, EVERYTHING, SCORES), tmp_path / "a.pt2")
    pixels = some_pixels("ssd_fpn", 2)
    outputs = ProgramEngine(tmp_path / "a.pt2").run(pixels)
    for name, expected in torch_engine("ssd_fpn").run(pixels).items():
        torch.testing.assert_close(outputs[name], expected, rtol=1e-5, atol=1e-4)


def test_what_is_no_program_is_refused(tmp_path):
    whole = exported_file("ssd_fpn", "torch").read_bytes()
    for content in (b"", b"not a program", whole[: len(whole) // 2]):
        (tmp_path / "a.pt2").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.pt2: not a torch program .*export it again"):
            ProgramEngine(tmp_path / "a.pt2")
