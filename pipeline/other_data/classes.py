"""Maps the classes of labels to those of a model, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.errors import InputError, counted, listed, or_correct
from pipeline.formats.labels import Labels
from pipeline.tasks import Task

_NAMED = 20  # classes in a message


def onto_classes(
    labels: Labels, known: Sequence[str], rename: Mapping[str, str], task: Task
) -> Labels:
    """Return the labels with the classes of a model, in its order.

    Objects of classes that the model does not have are left out, and classes that the labels lack
    are noted.

    Args:
        labels: of the whole set.
        known: the names of the model's classes, in the order of its labels.
        rename: the name of a class in the model, by its name in the labels.
        task: of the model.

    Raises:
        InputError: a renamed class does not exist, or no object is of a class of the model.
    """
    for old, new in rename.items():
        _refuse_unknown(old, labels.classes, f"{labels.file}: --rename {old}={new}")
        _refuse_unknown(new, known, f"--rename {old}={new}: the model")
    names = [rename.get(name, name) for name in labels.classes]
    label_of = {name: label for label, name in enumerate(known)}
    new_labels = np.array([label_of.get(name, -1) for name in names], np.int16)[labels.labels]
    if not (new_labels >= 0).any():
        raise InputError(_why_none(labels, names, known))
    renamed = [f"class {old} of the labels is {new} of the model" for old, new in rename.items()]
    of_classes = _left_out(labels, names, known) + _not_labelled(names, known, task)
    notes = [*labels.notes, *renamed, *of_classes]
    mapped = replace(labels, classes=list(known), labels=new_labels, notes=tuple(notes))
    return mapped.of_objects(new_labels >= 0)


def _refuse_unknown(name: str, there: Sequence[str], who: str) -> None:
    if name not in there:
        raise InputError(f"{who}: no class {name!r}; there are {_listed(there)}")


def _why_none(labels: Labels, names: Sequence[str], known: Sequence[str]) -> str:
    if not len(labels.labels):
        remedy = f"label objects in the photos{or_correct(labels.notes)}"
        return f"{labels.file}: annotations: no object; {remedy}"
    there = [names[label] for label in np.unique(labels.labels)]
    return (
        f"{labels.file}: no object of a class of the model: the objects are {_listed(there)}, the "
        f"model has {_listed(known)}; give matching classes one name with --rename OLD=NEW"
    )


def _left_out(labels: Labels, names: Sequence[str], known: Sequence[str]) -> list[str]:
    counts = np.bincount(labels.labels, minlength=len(names))
    return [
        counted(
            count,
            f"object of class {name} is left out, as the model does not have it",
            f"objects of class {name} are left out, as the model does not have it",
        )
        for name, count in zip(names, counts.tolist(), strict=True)
        if name not in known and count
    ]


def _not_labelled(names: Sequence[str], known: Sequence[str], task: Task) -> list[str]:
    absent = [name for name in known if name not in names]
    if not (absent and task.answers_class):
        return []
    them = "it" if len(absent) == 1 else "them"
    effect = f"what the model finds of {them} is an error"
    if task.every_object:
        effect = f"mAP leaves {them} out; in confusion and errors {effect}"
    there = f"{counted(len(absent), 'class', 'classes')} of the model ({_listed(absent)})"
    return [f"{there}: the labels do not have {them}; {effect}"]


def _listed(names: Sequence[str]) -> str:
    return listed(names, _NAMED) or "none"
