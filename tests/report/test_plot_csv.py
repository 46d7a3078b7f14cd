from pipeline.report.plot_csv import write_plot_csv


def test_rows_under_a_header(tmp_path):
    rows = [("a, b", 1, 0.25), ("c", 0, float("nan"))]
    write_plot_csv(tmp_path / "a.csv", ("name", "count", "share"), rows)
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "name,count,share",
        '"a, b",1,0.25',
        "c,0,nan",
    ]


def test_no_rows(tmp_path):
    write_plot_csv(tmp_path / "a.csv", ("name",), [])
    assert (tmp_path / "a.csv").read_text().splitlines() == ["name"]
