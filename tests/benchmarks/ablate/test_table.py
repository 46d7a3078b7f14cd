"""Studies become tables between the marks of a page."""

import json

from benchmarks.ablate.table import write_tables

STUDY = {
    "rung": "ssd_fpn",
    "profile": "voc2007",
    "seeds": [42, 43],
    "settings": ["train.ssd_fpn.late.epochs=6"],
    "changes": [{"name": "zoom", "settings": ["a=1"], "commit": ""}],
}
OUTCOME = {
    "change": "zoom",
    "metric": "voc_map_50",
    "baseline": 0.5,
    "value": 0.52,
    "by_seed": [0.01, 0.03],
    "low": 0.005,
    "high": 0.035,
}
CONTENT = {
    "machine": {"processor": "a processor"},
    "study": STUDY,
    "minutes": {"baseline": 3.0, "zoom": 3.2},
    "outcomes": [OUTCOME],
}


def test_a_table_takes_the_place_of_the_one_before(tmp_path):
    (tmp_path / "zoom.json").write_text(json.dumps(CONTENT))
    page = tmp_path / "page.md"
    marks = "<!-- studies: made by benchmarks.ablate -->\nold\n<!-- end of studies -->\n"
    page.write_text(f"before\n{marks}after\n")
    write_tables(tmp_path, page)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert (
        "| zoom (`a=1`) | voc_map_50 | 0.500 | +0.020 | +0.005 to +0.035 | +0.010, +0.030 "
        "| 3.0 → 3.2 | rises |" in text
    )
    write_tables(tmp_path, page)
    assert page.read_text() == text
