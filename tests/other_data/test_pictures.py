"""Pictures of what was found, from the files of a result."""

import numpy as np
import pytest

from commands.evaluate import write_results
from pipeline.other_data.pictures import draw_answers
from pipeline.report.answers import DrawnPhotos, read_answers
from pipeline.report.fonts import Lettering
from pipeline.tasks import Task
from tests.other_data.making import CLASSES, right_answers, small_tables

OF_ALL = {"grid", "confusion"}


@pytest.mark.parametrize(
    ("task", "names"),
    [
        (Task.DETECT, OF_ALL | {"pr_curves", "score_curves", "errors"}),
        (Task.CLASSIFY_AND_LOCATE, OF_ALL),
    ],
)
def test_each_task_has_its_pictures(tmp_path, task, names):
    tables = small_tables(tmp_path / "mine")
    predictions = right_answers(tables, task)
    write_results(tmp_path / "results", tables, predictions, {})
    (tmp_path / "pictures").mkdir()
    pixels = np.zeros((3, 8, 8, 3), np.uint8)
    truths = {"objects": tables.objects, "largest": tables.largest}
    photos = DrawnPhotos(tables.images, pixels, truths, Lettering(CLASSES, ""))
    answers = read_answers("one", predictions, tmp_path / "results")
    draw_answers(tmp_path / "pictures", answers, photos, 2)
    assert {path.stem for path in (tmp_path / "pictures").iterdir()} == names
