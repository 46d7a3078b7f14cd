"""Photos that could not be labelled are listed beside the labels."""

from pathlib import Path

import pyarrow as pa

from pipeline.labelling.refusals import Refusal, refusals, write_refusals


def test_photos_with_an_error_are_refused() -> None:
    done = pa.table({"file_name": ["a", "b"], "error": pa.array([None, "bad"])})
    assert refusals(done) == [Refusal("b", "bad")]
    assert refusals(done[:1]) == []


def test_refusals_are_listed_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    write_refusals(path, [])
    assert not path.exists()
    path.write_text("mine")
    write_refusals(path, [])
    assert path.read_text() == "mine"
    path.unlink()
    write_refusals(path, [Refusal("a, b.jpg", "bad")])
    assert path.read_text().splitlines() == ["photo,reason", '"a, b.jpg",bad']
    write_refusals(path, [])
    assert not path.exists()
