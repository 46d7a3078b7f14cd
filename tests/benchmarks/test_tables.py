"""The tables of the benchmark's peer have the rows of ours."""

import pandas as pd
import pytest

from benchmarks.tables import ours, pascal_file, with_pandas

COLUMNS = ["object_id", "image_id", "file_name", "label", "xmin", "ymin", "xmax", "ymax", "area"]


@pytest.mark.parametrize("indent", [None, 1])
def test_equal_rows(tmp_path, indent):
    source = pascal_file(300, tmp_path, indent)
    ours(source, tmp_path / "ours")
    with_pandas(source, tmp_path / "peer")
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
