"""Findings on disk: round trips, and one line for anything else."""

import numpy as np
import pytest

from pipeline.checks.all_checks import check_tables
from pipeline.errors import InputError
from pipeline.findings import CopiedPhoto, CopyChecks, CopyPair, read_findings, write_findings


def test_what_is_written_is_read_again(tables, tmp_path):
    photos = (CopiedPhoto("a.jpg", 1, "val"), CopiedPhoto("名.jpg", 2, "train"))
    copies = CopyChecks(1, 0, 1, False, [CopyPair(*photos, equal=True, same_boxes=True)])
    every = np.ones(len(tables.images), bool)
    findings = check_tables(
        tables.images, tables.objects, decoded=every, copies=copies, input_side=128
    )
    path = tmp_path / "checks.json"
    write_findings(path, findings)
    assert read_findings(path) == findings


def test_an_absent_file(tmp_path):
    with pytest.raises(InputError, match=r"checks.json: no such file; run the tables stage first"):
        read_findings(tmp_path / "checks.json")


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"lines": []}'])
def test_another_file(tmp_path, text):
    path = tmp_path / "checks.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"not findings of the checks; run the tables stage again"):
        read_findings(path)
