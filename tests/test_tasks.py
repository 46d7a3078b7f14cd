"""What each task predicts, is trained on and is measured by."""

import pytest

from pipeline.tasks import Task


@pytest.mark.parametrize(
    ("task", "answers", "table", "headline"),
    [
        (Task.CLASSIFY, (True, False), "largest", "accuracy"),
        (Task.LOCATE, (False, True), "largest", "l1_px"),
        (Task.CLASSIFY_AND_LOCATE, (True, True), "largest", "l1_px"),
        (Task.DETECT, (True, True), "objects", "voc_map_50"),
    ],
)
def test_a_task(task, answers, table, headline):
    assert (task.answers_class, task.answers_box) == answers
    assert task.table == table
    assert task.every_object == (table == "objects")
    assert task.headline == headline
    assert headline in task.metrics


def test_metrics_of_a_class_and_of_a_box():
    assert Task.CLASSIFY.metrics == ("accuracy",)
    assert Task.LOCATE.metrics == ("l1_px", "mean_iou")
    assert Task.CLASSIFY_AND_LOCATE.metrics == Task.CLASSIFY.metrics + Task.LOCATE.metrics
    assert not set(Task.DETECT.metrics) & set(Task.CLASSIFY_AND_LOCATE.metrics)


def test_a_task_is_written_by_its_name():
    assert [Task(task.value) for task in Task] == list(Task)
    with pytest.raises(ValueError, match="no_such_task"):
        Task("no_such_task")
