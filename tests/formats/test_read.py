"""The labels of a folder, JSON or XML."""

import json
from pathlib import Path

from pipeline.formats.read import read_labels
from tests.data.making import CAT, SIZE, SMALL, pascal, voc


def test_json(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps(pascal(SMALL)))
    labels = read_labels(tmp_path)
    assert (labels.file, labels.photos) == (tmp_path / "labels.json", tmp_path)
    assert len(labels.ids) == 4


def test_xml(tmp_path: Path) -> None:
    folder = voc(tmp_path / "set", {"a": SIZE + CAT})
    labels = read_labels(tmp_path)
    assert (labels.file, labels.photos) == (folder / "Annotations", folder / "JPEGImages")
    assert labels.classes == ["cat"]
