"""A comparison as a log shows it."""

from pipeline.compare.by_class import ClassChange
from pipeline.compare.comparison import compare_results
from pipeline.compare.sides.find_result import find_result
from pipeline.compare.terminal import most_changed, print_comparison
from pipeline.compare.words import OTHER_CHANCE
from tests.compare.making import pets, told, write_lock, write_result


def lines_of(capsys, tmp_path, missed, number=12):
    objects = pets(number)
    for side, wrong in (("a", []), ("b", missed)):
        write_result(tmp_path / side, objects, {"ssd": told(objects, wrong)})
        write_lock(tmp_path / side, ["ssd"], {"train.shared": {"seed": len(wrong)}})
    sides = [find_result(str(tmp_path / side)) for side in ("a", "b")]
    print_comparison(compare_results(*sides, "val", []))
    return capsys.readouterr().out.splitlines()


def test_equal_results(capsys, tmp_path):
    lines = lines_of(capsys, tmp_path, [])
    assert "parameters: no differences" in lines
    assert lines[-2].startswith("ssd: no difference beyond chance: ")
    assert lines[-1] == OTHER_CHANCE
    text = "\n".join(lines)
    assert "rose and fell" not in text and "finds" not in text


def test_a_worse_result_says_where(capsys, tmp_path):
    lines = lines_of(capsys, tmp_path, range(8))
    text = "\n".join(lines)
    assert lines[-2].startswith("ssd: A is better by ")
    assert "train.seed" in text and "ssd: classes that rose and fell" in text
    assert "ssd: A alone finds 8 objects in 8 photos, B alone 0 in 0, of 12 photos" in lines
    assert "different inputs" not in text
    assert "\x1b" not in text
    assert max(len(line) for line in lines if line.startswith(("┃", "│"))) <= 120


def test_the_classes_that_changed_most_and_those_beyond_chance_are_shown():
    def change(number):
        return ClassChange(str(number), 0, 0, number / 100, 0, 0, 9, number == 1)

    shown = most_changed([change(number) for number in range(20, 0, -1)])
    assert [one.name for one in shown] == [*(str(n) for n in range(20, 11, -1)), "1"]


def test_a_name_with_brackets_is_a_name(capsys, tmp_path):
    objects = {"[bold]x[/bold].jpg": pets(1)["000.jpg"], **pets(3)}
    for side, wrong in (("a", []), ("b", [0])):
        write_result(tmp_path / side, objects, {"ssd": told(objects, wrong)})
    sides = [find_result(str(tmp_path / side)) for side in ("a", "b")]
    print_comparison(compare_results(*sides, "val", []))
    assert "[bold]x[/bold].jpg" in capsys.readouterr().out
