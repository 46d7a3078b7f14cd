"""Parameters of the data."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.params.fetch import SourceParams
from pipeline.params.params import load_params
from tests.params.refused import refused


@pytest.mark.parametrize("path", ["/photos", "../photos", "a/../../b"])
def test_a_set_lies_below_the_folder_that_dvc_watches(path):
    with pytest.raises(ValidationError, match=r"must lie below fetch\.path"):
        SourceParams(path=Path(path))


@pytest.mark.parametrize("labels", ["/photos/a.json", "../a.json", "a/../../b.json"])
def test_a_file_of_labels_lies_below_the_folder_that_dvc_watches(labels, change):
    must = f"labels = '{labels}': Value error, must lie below fetch.path, which DVC watches as a"
    assert must in refused(change("fetch.labels", labels))
    with pytest.raises(ValidationError, match=r"must lie below fetch\.path"):
        SourceParams(path=Path("a"), labels=labels)
    assert SourceParams(path=Path("a"), labels="b/c.json").labels == "b/c.json"


def test_sets_have_the_split_of_the_section_unless_they_have_their_own(change):
    one = load_params(change("fetch.source", "local")).fetch
    assert [(str(source.path), source.split) for source in one.sets] == [(".", one.split)]
    sources = [{"path": "a"}, {"path": "b", "split": "given"}]
    two = one.model_copy(update={"sources": [SourceParams(**source) for source in sources]})
    assert [source.split for source in two.sets] == [one.split, "given"]


def test_a_class_that_is_renamed_twice_is_refused(change):
    pairs = [["car", "vehicle"], ["bus", "vehicle"], ["car", "auto"]]
    message = refused(change("fetch.classes.rename", pairs))
    assert "fetch.classes.rename" in message and "renames car twice; keep one pair" in message
    assert load_params(change("fetch.classes.rename", pairs[:2])).fetch.classes.rename


@pytest.mark.parametrize(("key", "value"), [("val_fraction", 1), ("test_fraction", 0.8)])
def test_photos_are_left_for_train(change, key, value):
    message = refused(change(f"fetch.{key}", value))
    assert message.startswith("fetch.test_fraction = ")
    assert "with val_fraction it leaves nothing for train; lower one of them" in message
