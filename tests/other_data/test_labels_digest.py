"""Labels that say the same have one digest, and others another one."""

import json
from pathlib import Path

import pytest

from pipeline.other_data.labelled import read_labelled
from pipeline.other_data.labels_digest import labels_digest
from tests.data.making import SMALL, pascal
from tests.other_data.making import labelled_folder


def digest_in(folder: Path, source: dict) -> str:
    return labels_digest(read_labelled(labelled_folder(folder, source)))


def test_the_same_labels_elsewhere_and_in_another_layout(tmp_path: Path) -> None:
    source = pascal(SMALL)
    before = digest_in(tmp_path / "a", source)
    assert digest_in(tmp_path / "b", source) == before and len(before) == 64
    (tmp_path / "a/labels.json").write_text(json.dumps(source, indent=4))
    assert labels_digest(read_labelled(tmp_path / "a")) == before


def move_a_box(source: dict) -> None:
    source["annotations"][0]["bbox"][2] += 1


def rename_a_class(source: dict) -> None:
    source["categories"][0]["name"] = "lion"


def take_an_object_away(source: dict) -> None:
    del source["annotations"][-1]


def take_a_photo_away(source: dict) -> None:
    del source["images"][-1]  # which has no object


@pytest.mark.parametrize(
    "change", [move_a_box, rename_a_class, take_an_object_away, take_a_photo_away]
)
def test_other_labels_at_the_same_place(tmp_path: Path, change) -> None:
    source = pascal(SMALL)
    before = digest_in(tmp_path, source)
    change(source)
    assert digest_in(tmp_path, source) != before
