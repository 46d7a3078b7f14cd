"""Roboflow's root category."""

import pytest

from pipeline.formats.pascal.roboflow import note_of_root, roboflow_root, without_root

ROOT = {"id": 0, "name": "cells", "supercategory": "none"}
CELL = {"id": 1, "name": "cells", "supercategory": "cells"}


def test_the_root_is_above_all_others() -> None:
    assert roboflow_root([ROOT, CELL]) is ROOT
    assert without_root([ROOT, CELL], ROOT) == [CELL]
    assert note_of_root(ROOT).startswith("category 'cells' (id 0) ")


@pytest.mark.parametrize(
    "categories",
    [
        [ROOT],
        [CELL, ROOT],
        [ROOT | {"id": 2}, CELL],
        [ROOT | {"supercategory": "all"}, CELL],
        [ROOT, CELL, {"id": 2, "name": "dog", "supercategory": "animal"}],
        [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
    ],
)
def test_what_is_no_root(categories: list[dict]) -> None:
    assert roboflow_root(categories) is None
