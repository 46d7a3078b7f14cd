"""What is printed of a result."""

from dataclasses import replace

from pipeline.other_data.result import ClassFigure
from pipeline.other_data.terminal import class_lines, print_evaluation
from tests.other_data.making import evaluation_on, right_answers, small_tables


def test_metrics_classes_and_notes(tmp_path, capsys):
    tables = small_tables(tmp_path / "mine")
    evaluation = evaluation_on(tmp_path / "mine", tables, right_answers(tables), tmp_path)
    classes = {"cat [b]": ClassFigure(0.25, 2), "dog": ClassFigure(1.0, 1)}
    print_evaluation(replace(evaluation, data="photos/mine", classes=classes))
    out = capsys.readouterr().out
    assert "note: objects marked ignore" in out
    assert "models/a on photos/mine: 3 photos, 3 objects" in out
    assert "voc_map_50" in out and "0.25 to 0.75" in out and "coco_map_75" in out
    assert out.index("dog") < out.index("cat [b]") and "best on these photos" not in out
    print_evaluation(replace(evaluation, photos=1, objects=1))
    assert ": 1 photo, 1 object\n" in capsys.readouterr().out
    print_evaluation(replace(evaluation, label_scores="best here"))
    assert "note: Labels, in confusion, errors and pictures, are" in capsys.readouterr().out


def test_of_many_classes_the_best_and_the_worst(tmp_path):
    tables = small_tables(tmp_path / "mine")
    evaluation = evaluation_on(tmp_path, tables, right_answers(tables), tmp_path)
    classes = {f"c{number}": ClassFigure(number / 100, 1) for number in range(50)}
    lines = class_lines(replace(evaluation, classes=classes | {"none": ClassFigure(None, 0)}))
    assert [lines[at][0] for at in (0, 9, 10, 11, -1)] == ["c49", "c40", "... 30 more", "c9", "c0"]
