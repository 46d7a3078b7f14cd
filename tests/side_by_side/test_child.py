"""One stage as a process."""

import time
from pathlib import Path

from pipeline.side_by_side.child import Child
from pipeline.side_by_side.slots import Slot
from tests.side_by_side.stages import write_stages


def wait(child: Child) -> tuple[int, list[str]]:
    lines = []
    while (code := child.ended()) is None:
        lines += child.read()
        time.sleep(0.05)
    return code, lines + child.close()


def test_what_a_stage_says_and_where_it_runs(project):
    write_stages(a=("echo $PLACE > a; printf 'one\\rtwo\\n\\nthree'", []))
    code, lines = wait(Child("a", Slot("", {"PLACE": "here"})))
    assert (code, Path("a").read_text()) == (0, "here\n")
    said = "\n".join(lines)
    assert "one\ntwo\nthree" in said and "Running stage 'a'" in said


def test_the_cause_is_the_line_of_the_stage(project):
    write_stages(a=("echo 'error: b.xml: no size'; echo last; exit 3", []), b=("exit 4", []))
    one, other = Child("a", Slot("", {})), Child("b", Slot("", {}))
    assert wait(one)[0] == wait(other)[0] == 255
    assert one.cause() == "b.xml: no size"
    assert other.cause() == "failed to reproduce 'b': failed to run: exit 4, exited with 4"


def test_one_that_is_killed_has_its_code_as_the_cause(project):
    write_stages(a=("echo ready; sleep 600", []))
    child, lines = Child("a", Slot("", {})), []
    while "ready" not in lines:
        lines += child.read()
        time.sleep(0.05)
    child.signal(9)
    assert wait(child)[0] == -9 and child.cause() == "exit code -9"
    child.signal(9)  # which nobody hears
