"""Tables of photos that a model was not trained on."""

import pytest

from pipeline.errors import InputError
from pipeline.other_data.tables import (
    EVALUATED_SPLIT,
    measured_photos,
    notes_on,
    objects_to_find,
    tables_to_measure,
)
from pipeline.schemas import SCHEMAS, check_schema, read_classes
from pipeline.tasks import Task
from tests.data.making import SMALL, labels, pascal


def test_all_photos_are_of_one_split():
    tables = tables_to_measure(labels(pascal(SMALL)))
    for name, schema in SCHEMAS.items():
        table = tables.by_name[name]
        check_schema(name, table.schema, schema)
        assert set(table["split"].to_pylist()) == {EVALUATED_SPLIT}
    assert read_classes(tables.objects) == read_classes(tables.images)


def test_what_counts():
    tables = tables_to_measure(labels(pascal(SMALL)))
    assert objects_to_find(tables) == 3
    assert measured_photos(tables, Task.DETECT) == 3
    assert measured_photos(tables, Task.CLASSIFY) == 2


def test_what_a_reader_must_know():
    outside = [*SMALL, (2, "cat", (90, 40, 30, 30), 0), (2, "cat", (200, 0, 5, 5), 0)]
    notes = notes_on(tables_to_measure(labels(pascal(outside))), Task.DETECT)
    assert notes == [
        "boxes clipped to their photos: 1",
        "boxes dropped: 1 (2.jpg: annotation 15: outside the photo)",
        "objects marked ignore, neither sought nor wrong: 1",
    ]
    told = notes_on(tables_to_measure(labels(pascal(SMALL))), Task.LOCATE)
    assert told[-1] == "photos without an object, on which nothing is measured: 1"


IGNORED, OUTSIDE = (0, "dog", (0, 0, 9, 9), 1), (1, "cat", (200, 0, 5, 5), 0)


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        ([IGNORED] * 4, "4 objects are marked ignore"),
        ([OUTSIDE], "1 box is outside its photo or without area"),
        (
            [IGNORED, OUTSIDE, OUTSIDE],
            "1 object is marked ignore and 2 boxes are each outside its photo or without area",
        ),
        ([], "there is none"),
    ],
)
def test_nothing_to_find(objects, why):
    with pytest.raises(InputError) as refused:
        tables_to_measure(labels(pascal(objects)))
    words = f"no object is left to find: {why}; label objects in the photos"
    assert str(refused.value) == f"annotations.json: {words}"


def test_a_class_that_only_some_splits_have_is_no_fault():
    assert objects_to_find(tables_to_measure(labels(pascal(SMALL[:2], ("train", "val"))))) == 2
