"""Repairs `dvc.lock` after a kill or a merge.

DVC writes it in place, so a kill may leave half of it or nothing; then DVC fails or runs everything
again. Any mixture of entries is safe, as DVC compares each with the files that are there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import LOCK, write_beside
from pipeline.repair.aside import set_aside
from pipeline.repair.exclusive import mend, rwlock_findings
from pipeline.repair.finding import Finding
from pipeline.repair.lock_copy import COPY
from pipeline.tracking.git_state import committed_lock
from pipeline.yaml_file import parse_yaml

_HEADER = "schema: '2.0'\nstages:\n"
_ENTRY = re.compile(r"^(?=  [^\s-])", re.M)
_NAME = re.compile(r"^  ([^\s-].*):$", re.M)
# Conflict markers of git; the style `diff3` has the common ancestor in between.
_CONFLICT = re.compile(
    r"^<{7} .*\n(?P<ours>(?:.*\n)*?)(?:^\|{7}.*\n(?:.*\n)*?)?^={7}\n(?:.*\n)*?^>{7}.*\n?", re.M
)


@dataclass(frozen=True)
class LockFault:
    """What is wrong with a lock file.

    Attributes:
        reason: in words that follow the file's name.
        text: of the repaired file; empty if no entry can be recovered.
    """

    reason: str
    text: str


def find_fault(text: str, copy: str = "", committed: str = "") -> LockFault | None:
    """Return what is wrong with the text of a lock file, None if it is sound.

    Args:
        text: of the file.
        copy: an earlier text that DVC could read.
        committed: the text of git's last commit.
    """
    if text and text == copy:  # DVC could read it; parsing it again takes a third of a second
        return None
    ours = _CONFLICT.sub(lambda found: found["ours"], text)
    if ours != text:
        reason = "has conflict markers of a merge"
    elif not is_sound(text):
        reason = "cannot be read"
    elif (not text or text != committed) and _is_cut(text, copy or committed):
        reason = "is cut off"
    else:
        return None
    if is_sound(ours) and not _is_cut(ours, copy or committed):
        return LockFault(reason, ours)
    # The last entry may be truncated and still parse.
    known = _sound(_entries(ours)[:-1])
    entries = _sound(_entries(committed)) | _sound(_entries(copy)) | known
    return LockFault(reason, _HEADER + "".join(entries.values()) if entries else "")


def is_sound(text: str) -> bool:
    """Return whether DVC can read the text of a lock file."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        content = parse_yaml(text, "")
        if content is not None:  # DVC takes an empty file for a new one
            COMPILED_LOCKFILE_SCHEMA(content)
    except (InputError, Invalid):
        return False
    return True


def _is_cut(text: str, earlier: str) -> bool:
    """Return whether a file ends within a line, or lacks the last stages of an earlier file."""
    now, before = stage_names(text), stage_names(earlier)
    within_a_line = text != "" and not text.endswith("\n")
    return within_a_line or (len(now) < len(before) and now == before[: len(now)])


def stage_names(text: str) -> list[str]:
    """Return the names of the stages in the text of a lock file, in its order."""
    return _NAME.findall(text)


def with_order(text: str, names: Sequence[str]) -> str:
    """Return the text of a sound lock file with the entries of `names` first, in that order."""
    head, *entries = _ENTRY.split(text)
    if re.search(r"^\S", "".join(entries), re.M):  # something other than stages follows
        return text
    places = {name: place for place, name in enumerate(names)}
    named = zip(stage_names(text), entries, strict=True)
    ordered = sorted(named, key=lambda one: places.get(one[0], len(places)))
    return head + "".join(entry for _, entry in ordered)


def _entries(text: str) -> list[str]:
    return _ENTRY.split(text)[1:]


def _sound(entries: Sequence[str]) -> dict[str, str]:
    """Return the entries that DVC can read, by stage."""
    named = ((_NAME.match(entry), entry) for entry in entries)
    return {name[1]: entry for name, entry in named if name and is_sound(_HEADER + entry)}


def check_lock() -> LockFault | None:
    """Return what is wrong with the project's lock file, None if it is sound or absent.

    Raises:
        InputError: it cannot be read.
    """
    if not LOCK.exists():
        return None
    committed = committed_lock()
    return find_fault(_text(LOCK), _text(COPY), f"{committed}\n" if committed else "")


def lock_findings() -> Iterator[Finding]:
    """Yield whether the project's lock file and DVC's rwlock are sound."""
    fault = check_lock()
    if fault:
        yield Finding(f"{LOCK} {fault.reason}", "`ladder doctor --fix` repairs it", _mend)
    else:
        yield Finding(f"{LOCK}, {len(stage_names(_text(LOCK)))} stages")
    yield from rwlock_findings()


def mend_lock() -> None:
    """Repair the project's lock file and print what was done; print nothing if it is sound.

    Raises:
        InputError: DVC is running.
    """
    for finding in lock_findings():
        if finding.mend:
            print(f"{finding.what}; {mend(finding)}")


def _mend() -> str:
    fault = check_lock()
    if fault is None:
        return "complete by now"  # somebody was writing it
    aside = set_aside(LOCK)
    if not fault.text:
        return f"moved to {aside}; `dvc repro` runs all stages again"
    write_beside(LOCK, lambda beside: beside.write_text(fault.text, encoding="utf-8"))
    return f"restored from what can be read of it and of earlier copies; the old one is {aside}"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
