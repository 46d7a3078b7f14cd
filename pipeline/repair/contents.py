"""Is everything that `dvc.lock` names undamaged, in the workspace and in DVC's cache?

DVC relies on time stamps: it misses a flipped bit that leaves the time stamp unchanged, and checks
out a damaged object as it is. So everything is hashed again, and good copies replace damaged ones.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pipeline.files import LOCK, md5_of, write_beside
from pipeline.progress import progress
from pipeline.repair.aside import set_aside
from pipeline.repair.finding import Finding
from pipeline.tracking.dvc_cache import cache_folder, object_path
from pipeline.tracking.dvc_lock import Stages, read_lock

_FOLDER = ".dir"
_FIX = "`ladder doctor --fix`"
_AGAIN = "`dvc pull` or `dvc repro` brings it back"


@dataclass(frozen=True)
class Content:
    """A file that `dvc.lock` names, or a folder, whose files the cache lists in an object.

    Attributes:
        md5: of the file or of the list.
        place: its path in the workspace.
        cached: its object in DVC's cache.
    """

    md5: str
    place: Path
    cached: Path


def contents_findings() -> Iterator[Finding]:
    """Hash everything that `dvc.lock` names; yield what is damaged, then a summary."""
    cache = cache_folder(Path())
    named = list(named_contents(read_lock(LOCK), cache))
    looked_at = progress(named, total=len(named), desc="contents", unit="files")
    absent = 0
    for content in looked_at:
        here, kept = _is_sound_place(content), is_sound(content.cached, content.md5)
        absent += here is None and kept is None
        for fault in _faults(content, here, kept, cache):
            yield replace(fault, mend=fault.mend and partial(_mend, fault.what, content, cache))
    note = f", {absent} not here (`dvc pull` or `dvc repro` brings them)" if absent else ""
    yield Finding(f"contents: {len(named)} hashed, in the workspace and in the cache{note}")


def named_contents(lock: Stages, cache: Path) -> Iterator[Content]:
    """Yield the outputs in a lock file, folders before the files in them.

    If the list of a folder is damaged or missing, its files are unknown.
    """
    for entry in lock.values():
        for out in entry.outs:
            if out.hash != "md5" or out.md5 is None:
                continue
            whole = Content(out.md5, Path(out.path), object_path(cache, out.md5))
            yield whole
            if out.md5.endswith(_FOLDER) and is_sound(whole.cached, out.md5):
                for item in json.loads(whole.cached.read_bytes()):
                    place = whole.place / item["relpath"]
                    yield Content(item["md5"], place, object_path(cache, item["md5"]))


def is_sound(path: Path, md5: str) -> bool | None:
    """Return whether a file has this md5, None if there is no file."""
    if not path.is_file():
        return None
    return md5_of(path) == md5.removesuffix(_FOLDER)


def list_of(folder: Path) -> bytes:
    """Return what DVC's cache holds for a folder: the md5 and path of each file, as JSON."""
    files = (path for path in folder.rglob("*") if path.is_file())
    items = [{"md5": _md5(path), "relpath": path.relative_to(folder).as_posix()} for path in files]
    items.sort(key=lambda item: item["relpath"])
    return json.dumps(items, sort_keys=True).encode()


def _md5(place: Path) -> str:
    """Return the md5 by which DVC identifies the content of a file or folder."""
    if place.is_dir():
        return hashlib.md5(list_of(place), usedforsecurity=False).hexdigest() + _FOLDER
    return md5_of(place)


def _is_sound_place(content: Content) -> bool | None:
    """Return whether the workspace has this content, None if nothing is in its place.

    A folder with a sound list passes, as its files are checked one by one.
    """
    if not content.place.exists():
        return None
    if content.md5.endswith(_FOLDER) and is_sound(content.cached, content.md5):
        return True
    return _md5(content.place) == content.md5


def _faults(
    content: Content, here: bool | None, kept: bool | None, cache: Path
) -> Iterator[Finding]:
    if here is False:
        yield _changed(content, kept, cache)
    if kept is False:
        yield _damaged_object(content, here)


def _mend(what: str, content: Content, cache: Path) -> str:
    """Repair a fault that is still there: a `dvc repro` may have finished during the hashing."""
    if content in named_contents(read_lock(LOCK), cache):
        here, kept = _is_sound_place(content), is_sound(content.cached, content.md5)
        for fault in _faults(content, here, kept, cache):
            if fault.what == what and fault.mend:
                return fault.mend()
    return "nothing left to repair"


def _changed(content: Content, kept: bool | None, cache: Path) -> Finding:
    what = f"{content.place} is not what dvc.lock names"
    if kept and not content.md5.endswith(_FOLDER):
        return Finding(what, f"{_FIX} restores it from the cache", partial(_restore, content))
    present = _md5(content.place)
    if kept is None and is_sound(object_path(cache, present), present):
        # From a run that was killed before DVC wrote the lock file, or from another branch.
        return Finding(f"{content.place}: not the result that dvc.lock names; `dvc repro` decides")
    return Finding(what, f"{_FIX} moves it aside, and {_AGAIN}", partial(_aside, content.place))


def _damaged_object(content: Content, here: bool | None) -> Finding:
    what = f"cache: {content.place} is damaged"
    if here:
        return Finding(what, f"{_FIX} restores it from the workspace", partial(_keep, content))
    return Finding(what, f"{_FIX} moves it aside, and {_AGAIN}", partial(_aside, content.cached))


def _restore(content: Content) -> str:
    aside = set_aside(content.place)
    write_beside(content.place, lambda beside: shutil.copyfile(content.cached, beside))
    return f"restored from the cache; the damaged one is {aside}"


def _keep(content: Content) -> str:
    aside = set_aside(content.cached)

    def write(beside: Path) -> None:
        if content.md5.endswith(_FOLDER):
            beside.write_bytes(list_of(content.place))
        else:
            shutil.copyfile(content.place, beside)
        beside.chmod(0o444)  # like all objects of DVC

    write_beside(content.cached, write)
    return f"restored from the workspace; the damaged one is {aside}"


def _aside(path: Path) -> str:
    return f"moved to {set_aside(path)}; {_AGAIN}" if os.path.lexists(path) else _AGAIN
