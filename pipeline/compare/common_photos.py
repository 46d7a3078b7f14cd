"""Two rungs' predictions for the same photos, matched by file name.

Never by row: the two results may come from tables in a different order, or of different photos.
Afterwards both sides use A's image ids and class labels.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compare.sides.rung_result import RungResult
from pipeline.errors import InputError, listed
from pipeline.predictions import check_boxes
from pipeline.schemas import box_columns
from pipeline.tasks import Task


@dataclass(frozen=True)
class LeftOut:
    """Photos of the split that are not compared, and why."""

    only_in_a: int = 0
    only_in_b: int = 0
    other_truth: int = 0


@dataclass(frozen=True)
class CommonPhotos:
    """What two rungs predicted for the same photos.

    Attributes:
        rungs: the names of both.
        tasks: of both.
        classes: names in label order.
        images: P photos.
        truth: their objects; one each for rungs that predict the largest object.
        found: predictions of A and B for these photos.
        left_out: the photos that are not compared.
    """

    rungs: tuple[str, str]
    tasks: tuple[Task, Task]
    classes: list[str]
    images: pa.Table
    truth: pa.Table
    found: tuple[pa.Table, pa.Table]
    left_out: LeftOut

    @property
    def every_object(self) -> bool:
        """Whether all objects of a photo are predicted, not just the largest."""
        return self.tasks[0].every_object


def common_photos(a: RungResult, b: RungResult) -> CommonPhotos:
    """Return what both rungs predicted for the photos that both have with the same objects.

    If the two share no file name, the photos of one side may lie one folder deeper:
    `ladder selftrain`, for instance, moves a set below `truth`.

    Raises:
        InputError: the two predict different things, have different classes, or share no photo; or
            a box is not a finite number.
    """
    _check_comparable(a, b)
    for one in (a, b):
        check_boxes(one.predictions, _whose(one))
    a, b = _out_of_a_folder(a, b), _out_of_a_folder(b, a)
    photos_a, photos_b = _photos(a), _photos(b)
    objects_a, objects_b = _objects(a), _objects(b)
    shared = [name for name in photos_a if name in photos_b]
    same = [
        name
        for name in shared
        if photos_a[name].size_wh == photos_b[name].size_wh
        and objects_a.get(name) == objects_b.get(name)
        and (a.predictions.task.every_object or name in objects_a)
    ]
    # A photo in which neither side has a largest object is not judged.
    asked = shared if a.predictions.task.every_object else objects_a.keys() | objects_b.keys()
    judged = sum(name in asked for name in shared)
    left_out = LeftOut(len(photos_a) - len(shared), len(photos_b) - len(shared), judged - len(same))
    if not same:
        raise InputError(f"{_whose(a)} and {_whose(b)}: {_why_none(left_out, len(shared))}")
    ids_a, ids_b = ([photos[name].image_id for name in same] for photos in (photos_a, photos_b))
    labels = np.array([a.predictions.classes.index(name) for name in b.predictions.classes])
    return CommonPhotos(
        (a.rung, b.rung),
        (a.predictions.task, b.predictions.task),
        a.predictions.classes,
        _only(a.images, ids_a),
        _only(a.truth, ids_a),
        (
            _only(a.predictions.table, ids_a),
            _renumbered(
                _only(b.predictions.table, ids_b), dict(zip(ids_b, ids_a, strict=True)), labels
            ),
        ),
        left_out,
    )


def _out_of_a_folder(one: RungResult, other: RungResult) -> RungResult:
    """Drop the first folder of a result's file names if only then any matches the other's."""
    names, others = (set(side.images["file_name"].to_pylist()) for side in (one, other))
    if names & others or not {name.partition("/")[2] for name in names} & others:
        return one
    images, truth = (_shorter(table) for table in (one.images, one.truth))
    return replace(one, images=images, truth=truth)


def _shorter(table: pa.Table) -> pa.Table:
    names = pc.replace_substring_regex(table["file_name"], "^[^/]*/", "")
    return table.set_column(table.schema.get_field_index("file_name"), "file_name", names)


@dataclass(frozen=True)
class _Photo:
    image_id: int
    size_wh: tuple[int, int]


def _photos(result: RungResult) -> dict[str, _Photo]:
    columns = ("file_name", "image_id", "width", "height")
    rows = zip(*(result.images[key].to_pylist() for key in columns), strict=True)
    photos = {name: _Photo(number, (width, height)) for name, number, width, height in rows}
    if len(photos) < len(result.images):
        raise InputError(f"{_whose(result)}: two photos have one file name; give each its own")
    return photos


def _objects(result: RungResult) -> dict[str, list[tuple[object, ...]]]:
    """Return the objects of each photo, in an order that does not depend on the table's."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for photo, *what in _rows(result.truth):
        found.setdefault(str(photo), []).append(tuple(what))
    return {photo: sorted(objects, key=str) for photo, objects in found.items()}


def _rows(truth: pa.Table) -> Iterator[tuple[object, ...]]:
    columns = [truth[key].to_pylist() for key in ("file_name", "name", "ignore")]
    return zip(*columns, *box_columns(truth).T.tolist(), strict=True)


def _check_comparable(a: RungResult, b: RungResult) -> None:
    if a.predictions.task.table != b.predictions.task.table:
        raise InputError(
            f"{_whose(a)} and {_whose(b)}: one predicts all objects, the other the largest; "
            "name two rungs of one kind"
        )
    if not set(a.predictions.task.metrics) & set(b.predictions.task.metrics):
        raise InputError(
            f"{_whose(a)} and {_whose(b)}: one predicts classes, the other boxes; "
            "name two rungs with a metric in common"
        )
    only_a, only_b = (
        [name for name in one.predictions.classes if name not in other.predictions.classes]
        for one, other in ((a, b), (b, a))
    )
    if only_a or only_b:
        lists = [
            f"only in {side.owner}: {listed(names)}"
            for side, names in ((a, only_a), (b, only_b))
            if names
        ]
        raise InputError(
            f"{_whose(a)} and {_whose(b)}: different classes ({'; '.join(lists)}); "
            "give both the same with fetch.classes in params.yaml"
        )


def _why_none(left_out: LeftOut, shared: int) -> str:
    if not shared:
        return (
            f"no photo in common ({left_out.only_in_a} and {left_out.only_in_b} with other names); "
            "compare results on the same data"
        )
    if left_out.other_truth:
        return (
            f"every photo in common ({left_out.other_truth}) has different objects in the two; "
            "evaluate both with the same labels"
        )
    return "no photo in common has an object; compare results on photos with objects"


def _renumbered(found: pa.Table, ids: dict[int, int], labels: np.ndarray) -> pa.Table:
    """Return B's predictions with A's image ids and class labels; -1 stays "no class"."""
    known = np.append(labels, -1)  # the last is for -1
    columns = {
        "image_id": np.array([ids[number] for number in found["image_id"].to_pylist()], np.int64),
        "label": known[found["label"].to_numpy()],
    }
    for name, values in columns.items():
        place = found.schema.get_field_index(name)
        field = found.schema.field(name)
        found = found.set_column(place, field, pa.array(values).cast(field.type))
    return found


def _only(table: pa.Table, ids: list[int]) -> pa.Table:
    """Return the rows of these photos in the order of `ids`; within a photo the order stays.

    Average precision breaks ties between scores by row order, so two rungs with equal predictions
    need their rows in the same order.
    """
    places = pc.index_in(table["image_id"], value_set=pa.array(ids, pa.int64()))
    order = np.argsort(places.to_numpy(), kind="stable")  # null is NaN here, and comes last
    return table.take(order[: len(table) - places.null_count]).combine_chunks()


def _whose(result: RungResult) -> str:
    return f"{result.rung} of {result.owner}"
