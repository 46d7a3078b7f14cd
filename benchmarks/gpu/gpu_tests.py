"""The tests that are marked `gpu`, with this machine's Python."""

from pathlib import Path

import pytest

from benchmarks.gpu.project import ROOT
from benchmarks.gpu.results import Results
from benchmarks.gpu.size import Size


class Outcomes:
    """A plugin of pytest that adds each test as it ends."""

    def __init__(self, results: Results):
        self.results = results

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a test that was run, or was not run or failed around it."""
        if report.when == "call" or report.outcome != "passed":
            said = str(report.longrepr)[-1000:] if report.failed else ""
            row = {"test": report.nodeid, "outcome": report.outcome, "said": said}
            self.results.add("gpu_tests", row)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Add a file that cannot be imported here."""
        if report.failed:
            row = {"test": report.nodeid, "outcome": "failed", "said": str(report.longrepr)[-1000:]}
            self.results.add("gpu_tests", row)


def measure(results: Results, size: Size, seconds: float) -> None:
    """Run the tests; one that fails is a row like any other."""
    # Only their files: others import what the bare machine lacks.
    files = [str(path) for path in gpu_test_files()]
    words = ["-m", "gpu", "-q", "--rootdir", str(ROOT), "-p", "no:cacheprovider"]
    words.append("--continue-on-collection-errors")
    pytest.main([*files, *words], plugins=[Outcomes(results)])


def gpu_test_files() -> list[Path]:
    """Return the files that have such tests."""
    return sorted(
        path for path in (ROOT / "tests").rglob("test_*.py") if "tests.on_gpu" in path.read_text()
    )
