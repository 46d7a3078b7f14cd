"""`python -m benchmarks.gpu.part NAME RESULTS SECONDS`: one part of a run, in its project."""

import importlib
import sys
from pathlib import Path

from benchmarks.gpu.results import Results
from benchmarks.gpu.size import chosen_size
from pipeline.memory import keep_freed_memory


def main() -> None:
    """Measure the part that is named."""
    keep_freed_memory()  # as the stage of training has it
    name, results, seconds = sys.argv[1:]
    part = importlib.import_module(f"benchmarks.gpu.{name}")
    part.measure(Results(Path(results)), chosen_size(), float(seconds))


if __name__ == "__main__":
    main()
