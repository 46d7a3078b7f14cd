"""Stages that run at the same time, wait, fail and stop."""

import pytest

from pipeline.side_by_side.runner import Runner
from pipeline.side_by_side.screen import Screen
from pipeline.side_by_side.slots import Slot, cpu_slots
from tests.side_by_side.stages import write_stages

# Goes on when the other one is there, too: alone it would wait until the test gives up.
MEET = "touch {0}.here; until [ -e {1}.here ]; do sleep .05; done; echo $CARD > {0}"


def run(slots: list[Slot], **waits_for: set[str]):
    waiting = {name: frozenset(before) for name, before in waits_for.items()}
    return Runner(waiting, slots, Screen(list(waits_for), None)).run()


def test_two_run_at_the_same_time_each_at_its_place_and_a_third_waits_for_both(project):
    write_stages(
        a=(MEET.format("a", "b"), []), b=(MEET.format("b", "a"), []), c=("cat a b > c", ["a", "b"])
    )
    slots = [Slot("one", {"CARD": "1"}), Slot("two", {"CARD": "2"})]
    result = run(slots, a=set(), b=set(), c={"a", "b"})
    assert (sorted(result.ended[:2]), result.ended[2:]) == (["a", "b"], ["c"])
    assert sorted((project / "c").read_text().split()) == ["1", "2"]


def test_a_place_is_for_one_at_a_time(project):
    once = "mkdir busy && sleep .3 && rmdir busy && touch {}"
    write_stages(**{name: (once.format(name), []) for name in "ab"})
    result = run(cpu_slots(1), a=set(), b=set())
    assert result.failed == {} and result.ended == ["a", "b"]


def test_one_that_fails_stops_no_other(project, capfd):
    write_stages(
        a=("echo 'error: a.xml: bad'; exit 1", []),
        b=("echo b > b", []),
        c=("cp a c", ["a"]),
        d=("cat b c > d", ["b", "c"]),
    )
    result = run(cpu_slots(2), a=set(), b=set(), c={"a"}, d={"b", "c"})
    assert (result.ended, result.failed) == (["b"], {"a": "a.xml: bad"})
    assert result.not_run == ["c", "d"] and result.stopped is None
    assert "a | error: a.xml: bad\n" in capfd.readouterr().out


def test_an_error_of_our_own_leaves_nobody_behind(project, monkeypatch):
    write_stages(a=("echo ready; sleep 600", []))
    children = []

    class Broken(Screen):
        def show(self, running, left):
            children.extend(running)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Runner({"a": frozenset()}, cpu_slots(1), Broken(["a"], None)).run()
    while children[0].ended() is None:
        pass
    assert children[0].ended() == -9
    children[0].close()
