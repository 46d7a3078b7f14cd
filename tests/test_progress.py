"""Progress: a bar on a terminal, plain lines in a log, the items unchanged in both."""

import pytest

from pipeline import progress as module
from pipeline.progress import progress, progress_line, tell


@pytest.fixture
def on_terminal(monkeypatch):
    def say(answer: bool) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: answer, raising=False)

    return say


def test_nothing_to_do_is_one_line(on_terminal, capsys):
    on_terminal(False)
    assert list(progress([], desc="pixels", unit="photos")) == []
    assert capsys.readouterr().err == "pixels: 0 photos, 0.0 photos/s\n"


def test_log_gets_one_plain_line_at_the_end(on_terminal, capsys):
    on_terminal(False)
    assert list(progress(range(3), desc="pixels", unit="photos")) == [0, 1, 2]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("pixels: 3/3 photos, ")
    assert "\r" not in lines[0]


def test_log_gets_lines_between_when_it_takes_long(on_terminal, capsys, monkeypatch):
    on_terminal(False)
    # Not the clock: the servers of other tests, in threads of this process, sleep by it.
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LINES", 0.0)
    list(progress(iter("abcd"), total=4, desc="pixels", unit="photos"))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"pixels: {done}/4 photos" for done in (1, 2, 3, 4, 4)
    ]
    assert all(line.endswith("s left") for line in lines[:3])


@pytest.mark.parametrize("terminal", [True, False])
def test_an_item_may_count_for_many(on_terminal, capsys, terminal):
    on_terminal(terminal)
    assert list(progress(["abc", "de"], total=6, desc="x", before=1, count=len)) == ["abc", "de"]
    assert "6/6" in capsys.readouterr().err


def test_terminal_gets_a_bar_with_rate(on_terminal, capsys):
    on_terminal(True)
    assert list(progress(range(3), desc="pixels", unit="photos")) == [0, 1, 2]
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "photos/s" in shown


def test_length_is_found_or_given(on_terminal, capsys):
    on_terminal(False)
    list(progress(iter("ab"), desc="x"))
    list(progress(iter("ab"), desc="y", total=2))
    unknown, known = capsys.readouterr().err.splitlines()
    assert unknown.startswith("x: 2 it, ")
    assert known.startswith("y: 2/2 it, ")


@pytest.mark.parametrize(
    ("done", "total", "seconds", "line"),
    [
        (0, 8, 0.0, "a: 0/8 photos, 0.0 photos/s"),
        (20, 80, 2.0, "a: 20/80 photos, 10.0 photos/s, 6 s left"),
        (80, 80, 8.0, "a: 80/80 photos, 10.0 photos/s"),
        (5, None, 2.0, "a: 5 photos, 2.5 photos/s"),
    ],
)
def test_progress_line(done, total, seconds, line):
    assert progress_line("a", done, total, seconds, "photos") == line


def test_what_was_done_before_counts_but_not_for_the_rate(on_terminal, capsys):
    on_terminal(False)
    assert list(progress("ab", desc="label", unit="photos", before=8)) == ["a", "b"]
    assert capsys.readouterr().err.startswith("label: 10/10 photos, ")
    assert list(progress("", desc="label", unit="photos", total=9, before=8)) == []
    assert capsys.readouterr().err == "label: 8/9 photos, 0.0 photos/s\n"
    line = progress_line("label", 60, 100, 5.0, "photos", before=50)
    assert line == "label: 60/100 photos, 2.0 photos/s, 20 s left"


def test_a_bar_begins_with_what_was_done_before(on_terminal, capsys):
    on_terminal(True)
    list(progress("ab", desc="label", unit="photos", before=8))
    assert "10/10" in capsys.readouterr().err


def test_a_step_is_a_line_on_stderr(capsys):
    tell("ssd_fpn: tracing")
    assert capsys.readouterr() == ("", "ssd_fpn: tracing\n")
