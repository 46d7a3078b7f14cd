"""What is timed does the same work, and the table says what was measured."""

import pytest

from benchmarks.engines import AsTrained, Row, measure, run_of, table
from pipeline.export.parity import same_detections
from tests.exported_files import some_pixels, torch_engine
from tests.inference.making import EVERYTHING, SIDE, saved


def test_torch_as_trained_finds_what_folded_torch_finds(tmp_path):
    pixels = some_pixels("ssd_fpn", 4)
    plain, folded = (
        run_of(engine, pixels, EVERYTHING)(3)
        for engine in (AsTrained(saved(tmp_path / "ssd_fpn", "ssd_fpn")), torch_engine("ssd_fpn"))
    )
    assert len(plain) == len(folded) == 3
    assert all(same_detections(*pair, SIDE) for pair in zip(plain, folded, strict=True))


def test_every_case_is_run_in_every_round():
    asked: list[tuple[str, int]] = []
    runs = {name: lambda batch, name=name: asked.append((name, batch)) for name in ("a", "b")}
    taken = measure(runs, (4, 32), rounds=2)
    for name in runs:
        assert {batch: len(times) for batch, times in taken[name].items()} == {4: 2, 32: 2}
    assert asked[-6:] == [("a", 32), ("b", 32)] * 3 and len(asked) == 3 * 2 * (2 + 1)


def test_a_table_by_hand():
    rows = [
        Row("torch", {1: [20.0, 30.0, 22.0], 32: [10.0]}, {"voc_map_50": 0.5}),
        Row("peer", {1: [11.0], 32: [20.0]}, {}),
    ]
    assert table(rows).splitlines() == [
        "| engine | ms a photo, batch 1 | ratio | ms a photo, batch 32 | ratio | voc_map_50 |",
        "|---|---|---|---|---|---|",
        "| torch | 22.00 | 1.00 x | 10.00 | 1.00 x | 0.5000 |",
        "| peer | 11.00 | 2.00 x | 20.00 | 0.50 x |  |",
    ]


@pytest.mark.slow
def test_every_engine_that_is_installed_is_there(painted_project, tmp_path):
    from benchmarks.engines import engines
    from pipeline.data.inputs import read_inputs
    from pipeline.rungs.saved_model import save_model
    from pipeline.tasks import Task
    from tests.exported_files import needs_runtimes, translated_before
    from tests.inference.making import model_of, spec_of

    needs_runtimes()
    inputs = read_inputs(Task.CLASSIFY_AND_LOCATE)
    (tmp_path / "small").mkdir()
    spec = spec_of("combined", classes=inputs.classes[:3])
    save_model(tmp_path / "small", model_of("combined"), spec)
    with translated_before("combined"):
        found = engines(tmp_path / "small", inputs, EVERYTHING, tmp_path / "work")
    assert {"torch, as trained", "torch, folded", "ONNX Runtime", "OpenVINO, float32"} <= {*found}
