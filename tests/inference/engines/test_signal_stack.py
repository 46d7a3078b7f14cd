"""A signal is handled after models of OpenVINO have ended in another order than they began."""

import subprocess
import sys

from tests.conftest import ROOT
from tests.exported_files import exported_file, needs_runtimes

SCRIPT = """
import faulthandler, signal, sys
from pathlib import Path
from pipeline.inference.engines.openvino_engine import OpenVinoEngine

faulthandler.enable()  # which handles signals on a stack of its own, as pytest has it
first, second = OpenVinoEngine(Path(sys.argv[1])), OpenVinoEngine(Path(sys.argv[1]))
del first
del second
signal.signal(signal.SIGALRM, lambda number, frame: print("handled"))
signal.raise_signal(signal.SIGALRM)
"""


def test_a_signal_is_handled_after_models_of_openvino() -> None:
    needs_runtimes()
    file = exported_file("ssd_fpn", "openvino")
    command = [sys.executable, "-c", SCRIPT, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr
