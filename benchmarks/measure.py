"""Times the cases of a setting alternately, so that a busy moment hits all of them alike."""

import gc
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from benchmarks.topic import Case, Setting
from pipeline.processes import usable_cores

_PACKAGES = ("torch", "torchvision", "numpy", "pandas", "pyarrow", "orjson", "pillow", "dvc")


def measure_setting(topic: str, setting: Setting) -> dict[str, Any]:
    """Return times and peak memory of every case, as plain numbers for JSON.

    Every case runs once to warm up, then all run in turn, `repeats` times. Memory is the peak of a
    separate process that makes the inputs and runs one case once.
    """
    cases = setting.cases()
    _say(f"{topic}: {setting.name}: warming up")
    for case in cases:
        case.run()
    seconds: dict[str, list[float]] = {case.name: [] for case in cases}
    for turn in range(setting.repeats):
        for case in cases:
            seconds[case.name].append(_time(case))
        _say(f"{topic}: {setting.name}: {turn + 1}/{setting.repeats}")
    return {
        "name": setting.name,
        "items": setting.items,
        "unit": setting.unit,
        "goal": setting.goal,
        "cases": [
            {
                "name": case.name,
                "role": case.role,
                "seconds": [round(value, 6) for value in seconds[case.name]],
                "median": round(median(seconds[case.name]), 6),
                "peak_mb": peak_memory(topic, setting.name, case.name),
            }
            for case in cases
        ],
    }


def _time(case: Case) -> float:
    gc.collect()
    start = time.perf_counter()
    case.run()
    return time.perf_counter() - start


def peak_memory(topic: str, setting: str, case: str) -> int | None:
    """Return the peak memory in MB of a fresh process that runs one case, None if it failed."""
    command = [sys.executable, "-m", "benchmarks", topic, "--once", setting, case]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return int(child.stdout.split()[-1]) if child.returncode == 0 else None


def run_once(settings: Sequence[Setting], setting: str, case: str) -> None:
    """Run one case once and print the process's peak memory in MB, for `peak_memory`."""
    [chosen] = [each for each in settings if each.name == setting]
    [wanted] = [each for each in chosen.cases() if each.name == case]
    wanted.run()
    print(f"\n{peak_bytes() / 2**20:.0f}")


def peak_bytes() -> int:
    """Return this program's peak; on Linux `ru_maxrss` would include the parent process."""
    if sys.platform == "linux":
        with open("/proc/self/status") as file:
            [peak] = [line.split()[1] for line in file if line.startswith("VmHWM")]
        return int(peak) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, versions."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        return names[0]
    except (OSError, IndexError):
        return platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
