"""`ladder lr`, on a small painted project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from commands import main as ladder
from pipeline.train.schedule import THAWED
from tests.conftest import ROOT
from tests.stages.small_project import contents


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        ladder.main(["lr", *arguments])
    return end.value.code


@pytest.mark.parametrize(("rung", "phase"), [("bbox", "head"), ("ssd_fpn", "late")])
def test_a_rate_is_printed_and_the_curve_is_written(painted_project, capsys, rung, phase):
    before = contents(painted_project)
    assert run(rung, "--phase", phase, "--steps", "12") == 0
    first, second = capsys.readouterr().out.splitlines()
    found = re.fullmatch(rf"{rung}, phase {phase}: steepest fall of the loss at lr = (\S+)", first)
    assert 1e-6 < float(found[1]) <= 1
    assert second == f"the curve: lr_finder/{rung}.png"
    after = contents(painted_project)
    with Image.open(painted_project / "lr_finder" / f"{rung}.png") as picture:
        assert min(picture.size) > 100
        assert len(set(picture.convert("L").get_flattened_data())) > 10
    assert after.keys() - before.keys() == {f"lr_finder/{rung}.png"}  # and no model
    assert all(after[name] == before[name] for name in before)


def test_equal_runs_draw_equal_curves(painted_project):
    curves = []
    for _ in range(2):
        assert run("classifier", "--steps", "4") == 0
        curves.append(Path("lr_finder/classifier.png").read_bytes())
    assert curves[0] == curves[1]


def _nothing():
    pass


def _no_pixels():
    Path("data/pixels/photos.npy").unlink()


def _no_params():
    Path("params.yaml").unlink()


@pytest.mark.parametrize(
    ("rung", "spoil", "line"),
    [
        ("ssd", _nothing, "error: ssd: no such rung; there are classifier, bbox, "),
        ("bbox", _no_pixels, "error: data/pixels/photos.npy: no such file; run the pixels stage"),
        ("bbox", _no_params, "error: params.yaml: "),
    ],
)
def test_bad_input_is_one_line_and_the_earlier_curve_stays(
    painted_project, capsys, rung, spoil, line
):
    curve = Path("lr_finder", f"{rung}.png")
    curve.parent.mkdir()
    curve.write_text("earlier")
    spoil()
    assert run(rung) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(line) and shown.err.count("\n") == 1
    assert contents(curve.parent) == {curve.name: b"earlier"}


def test_the_phases_are_those_of_training(capsys):
    assert run("bbox", "--phase", "early") == 2
    assert f"--phase {{{','.join(THAWED)}}}" in capsys.readouterr().err


def test_wrong_arguments_are_told_before_torch_is_loaded(painted_project):
    code = (
        "import sys; from commands import main\n"
        "try: main.main(['lr', 'ssd'])\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1 False\n"
    assert done.stderr.startswith("error: ssd: no such rung; there are classifier, ")


def test_one_step_is_no_range(capsys):
    assert run("bbox", "--steps", "1") == 2
    assert "--steps: must be 2 or more" in capsys.readouterr().err
