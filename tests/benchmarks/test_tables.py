"""The tables of the benchmark's peer have the rows of ours."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks.tables import ours, pascal_folder, voc_folder, with_pandas

COLUMNS = ["object_id", "image_id", "file_name", "label", "xmin", "ymin", "xmax", "ymax", "area"]


@pytest.mark.parametrize("indent", [None, 1])
def test_equal_rows(tmp_path, indent):
    source = pascal_folder(300, 100, tmp_path, indent)
    for who, work in (("ours", ours), ("peer", with_pandas)):
        (tmp_path / who).mkdir()
        work(source, tmp_path / who)
    for name in ("images", "objects", "largest"):
        mine, peer = (
            pd.read_parquet(tmp_path / who / f"{name}.parquet") for who in ("ours", "peer")
        )
        columns = ["image_id", "file_name", "split"] if name == "images" else COLUMNS
        for table in (mine, peer):
            table[["file_name"]] = table[["file_name"]].astype(str)
        mine, peer = (
            table.sort_values(columns[0], ignore_index=True)[columns].astype(peer[columns].dtypes)
            for table in (mine, peer)
        )
        assert len(mine) > 50
        pd.testing.assert_frame_equal(mine, peer)


def test_the_xml_has_an_image_a_file(tmp_path):
    (tmp_path / "out").mkdir()
    ours(voc_folder(200, tmp_path), tmp_path / "out")
    assert len(pq.read_table(tmp_path / "out" / "images.parquet")) == 200
