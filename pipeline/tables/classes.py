"""Renames, merges, keeps and drops classes."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from pipeline.errors import InputError, counted
from pipeline.files import PARAMS
from pipeline.formats.labels import Labels
from pipeline.formats.names import fault_of_name, plain_name


def choose_classes(
    labels: Labels,
    *,
    rename: Mapping[str, str],
    keep: Collection[str] = (),
    drop: Collection[str] = (),
) -> Labels:
    """Return the labels with the selected classes, in order of first appearance.

    Args:
        labels: of the whole set, with plain class names, as `read_labels` returns them.
        rename: new names by old ones; classes with the same new name are merged.
        keep: new names of the classes to keep; empty keeps all.
        drop: new names of classes whose objects are left out, which is noted.

    Raises:
        InputError: a named class does not exist, none is left, one is renamed twice, or a new name
            is not valid.
    """
    if not (rename or keep or drop):
        return _noting_case(labels)
    rename = _plain_pairs(rename)
    keep, drop = set(map(plain_name, keep)), set(map(plain_name, drop))
    _refuse_unknown(rename, labels.classes, labels, "fetch.classes.rename")
    names = [rename.get(name, name) for name in labels.classes]
    _refuse_unknown(keep, names, labels, "fetch.classes.keep")
    _refuse_unknown(drop, names, labels, "fetch.classes.drop")
    stay = [name for name in dict.fromkeys(names) if _stays(name, keep, drop)]
    if not stay:
        raise InputError(f"{labels.file}: fetch.classes leaves no class; keep one of {names}")
    label_of = {name: label for label, name in enumerate(stay)}
    new = np.array([label_of.get(name, -1) for name in names], np.int16)[labels.labels]
    left_out = {
        name: int(np.isin(labels.labels, [i for i, n in enumerate(names) if n == name]).sum())
        for name in dict.fromkeys(names)
        if name not in label_of
    }
    notes = [
        counted(
            count, f"object of class {name} is left out", f"objects of class {name} are left out"
        )
        for name, count in left_out.items()
    ]
    relabelled = replace(labels, classes=stay, labels=new, notes=(*labels.notes, *notes))
    return _noting_case(relabelled.of_objects(new >= 0))


def _noting_case(labels: Labels) -> Labels:
    """Return the labels with a note about classes that differ only in case."""
    alike: dict[str, list[str]] = {}
    for name in labels.classes:
        alike.setdefault(name.casefold(), []).append(name)
    several = [names for names in alike.values() if len(names) > 1]
    if not several:
        return labels
    what = "classes whose names differ in case alone"
    found = f"{what}: {len(several)}, first {' and '.join(several[0])}"
    note = f"{found}; fetch.classes.rename can make them one"
    return replace(labels, notes=(*labels.notes, note))


def _plain_pairs(rename: Mapping[str, str]) -> dict[str, str]:
    """Return `rename` with plain names, which may make several old names equal."""
    pairs: dict[str, str] = {}
    for old, new in rename.items():
        if fault := fault_of_name(new):
            raise InputError(f"{PARAMS}: fetch.classes.rename: {new!r} {fault}")
        if pairs.setdefault(plain_name(old), plain_name(new)) != plain_name(new):
            raise InputError(
                f"{PARAMS}: fetch.classes.rename: renames {plain_name(old)} twice; keep one pair"
            )
    return pairs


def _stays(name: str, keep: Collection[str], drop: Collection[str]) -> bool:
    return name not in drop and (not keep or name in keep)


def _refuse_unknown(
    wanted: Collection[str], names: Collection[str], labels: Labels, key: str
) -> None:
    for name in wanted:
        if name not in names:
            there = ", ".join(sorted(set(names)))
            raise InputError(f"{labels.file}: {key}: no class {name!r}; there are {there}")
