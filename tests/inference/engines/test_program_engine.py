"""A torch program answers as the model does, to the last bit."""

import pytest
import torch

from pipeline.errors import InputError
from pipeline.inference.engines.program_engine import ProgramEngine
from tests.exported_files import RUNGS, exported_file, some_pixels, torch_engine


@pytest.mark.parametrize("rung", RUNGS)
def test_outputs_are_those_of_the_model(rung):
    engine, reference = ProgramEngine(exported_file(rung, "torch")), torch_engine(rung)
    for count in (1, 5):
        pixels = some_pixels(rung, count)
        outputs, expected = engine.run(pixels), reference.run(pixels)
        for name in expected:
            torch.testing.assert_close(outputs[name], expected[name], rtol=1e-5, atol=1e-4)
    assert engine.spec.rung == rung


def test_what_is_no_program_is_refused(tmp_path):
    whole = exported_file("ssd_fpn", "torch").read_bytes()
    for content in (b"", b"not a program", whole[: len(whole) // 2]):
        (tmp_path / "a.pt2").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.pt2: not a torch program .*export it again"):
            ProgramEngine(tmp_path / "a.pt2")
