"""The table of a profile: the longest first, the rest in one row, all shares together one."""

from benchmarks.step_profile import ROWS, table


def test_table_by_hand():
    lines = table([("conv", 6.0), ("norm", 3.0), *[(f"small {i}", 0.1) for i in range(ROWS - 2)]])
    assert lines[2:4] == ["| `conv` | 60.0% |", "| `norm` | 30.0% |"]
    assert lines[-1] == "| 0 others | 0.0% |"
    assert table([("a", 1.0)] * (ROWS + 4))[-1] == "| 4 others | 25.0% |"
