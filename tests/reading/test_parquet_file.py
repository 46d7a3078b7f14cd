"""Tables on disk: whole, or named as damaged."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError
from pipeline.reading.parquet_file import read_parquet, write_parquet

TABLE = pa.table({"a": pa.array(range(1000), pa.int64()), "b": ["x", "yz"] * 500})


def test_what_is_written_is_read(tmp_path):
    write_parquet(TABLE, tmp_path / "t.parquet")
    assert read_parquet(tmp_path / "t.parquet", "tables").equals(TABLE)
    with pytest.raises(InputError, match=r"u\.parquet: no such file; run the tables stage first"):
        read_parquet(tmp_path / "u.parquet", "tables")


def test_one_flipped_bit_of_a_value_is_seen(tmp_path):
    path = tmp_path / "t.parquet"
    write_parquet(TABLE, path)
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    start, size = column.data_page_offset, column.total_compressed_size
    content = bytearray(path.read_bytes())
    content[start + size // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        InputError, match=r"t\.parquet: not a Parquet file, or damaged \(.*checksum"
    ):
        read_parquet(path, "tables")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 9, b"{}", bytes(99)])
def test_what_is_no_parquet_is_named(tmp_path, content):
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"t\.parquet: not a .*; run the predict stage again$"):
        read_parquet(tmp_path / "t.parquet", "predict")
