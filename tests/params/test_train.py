"""Parameters of training that depend on each other."""

from pipeline.params.params import load_params
from tests.params.refused import refused


def test_a_head_of_the_lesson_takes_one_size(change, content):
    section = content["train"]["bbox"] | {"form": "lesson"}
    assert load_params(change("train.bbox", section)).train.bbox.form == "lesson"
    line = refused(change("train.bbox", section | {"train_size": 96}))
    assert line.startswith("train.bbox.form = 'lesson': ")
    assert "set train_size and image_size to the same" in line
