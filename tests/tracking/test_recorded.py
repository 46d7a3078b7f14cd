"""What the stages record."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.tasks import Task
from pipeline.tracking.recorded import (
    Training,
    read_json,
    read_machine_labels,
    read_task,
    read_training,
)
from tests.stages.ladder_tree import make_tree


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project with a finished rung."""
    monkeypatch.chdir(tmp_path)
    return make_tree(tmp_path, ("bbox",))


def test_how_a_training_went(project):
    assert read_training("bbox") == Training(61.0, "cuda", "a fast one")
    Path("training/bbox.json").unlink()
    assert read_training("bbox") == Training(None, "", "")


def test_what_a_model_answers(project):
    assert read_task("bbox") == (Task.LOCATE, [])
    Path("models/bbox/model.json").write_text('{"task": "detect", "classes": ["cat"]}')
    assert read_task("bbox") == (Task.DETECT, ["cat"])
    Path("models/bbox/model.json").write_text('{"task": "dance"}')
    with pytest.raises(InputError, match=r"models/bbox/model\.json: task: "):
        read_task("bbox")


def test_labels_of_a_model_need_a_source_and_a_report(project):
    machine = {"fetch.sources": [{"path": "m", "role": "machine", "teacher": "ssd_fpn a1b2"}]}
    assert read_machine_labels(machine) == {}
    Path("data/tables").mkdir(parents=True)
    Path("data/tables/report.json").write_text('{"objects": 8, "labelled_by_a_model": 2}')
    assert read_machine_labels({}) == {}
    told = {"teacher": "ssd_fpn a1b2", "machine_labels": "2 of 8 objects (25%)"}
    assert read_machine_labels(machine) == told


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_file_is_named(project, text):
    Path("a.json").write_text(text)
    with pytest.raises(InputError, match=r"a\.json: not a JSON object; remove it"):
        read_json(Path("a.json"))
