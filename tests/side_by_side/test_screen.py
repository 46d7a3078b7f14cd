"""The output of several stages on a screen."""

import io
import re
import time

from rich.console import Console
from rich.live import Live

from pipeline.side_by_side.child import Child
from pipeline.side_by_side.screen import Screen, open_screen
from pipeline.side_by_side.slots import Slot
from tests.side_by_side.stages import write_stages


def test_a_log_has_the_stage_before_each_line(capsys):
    with open_screen(["train@bbox", "track"]) as screen:
        screen.say(
            "track", ["one", "Use `dvc push` to send your updates to remote storage.", "two"]
        )
        screen.say("train@bbox", ["[three]"])
        screen.show([], 2)
    assert capsys.readouterr().out.splitlines() == [
        "track      | one",
        "track      | two",
        "train@bbox | [three]",
    ]


def test_a_terminal_says_at_the_bottom_who_is_at_work(project, monkeypatch):
    write_stages(a=("echo a > a", []))
    child = Child("a", Slot("GPU 1", {}))
    child.started = time.monotonic() - 61.5
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=60, color_system=None)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        screen = Screen(["a"], live)
        screen.show([child], 3)
        screen.say("a", ["[bold]" + "x" * 80])
    while child.ended() is None:
        time.sleep(0.05)
    child.close()
    text = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", written.getvalue())
    assert "3 to go: a on GPU 1 1:01" in text
    assert "a | [bold]" + "x" * 80 in text  # neither markup nor cut
