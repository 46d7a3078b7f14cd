"""Parquet files of the stages: written with checksums and fully validated when read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InputError
from pipeline.reading.damage import naming_damage


def write_parquet(table: pa.Table, file: Path | BinaryIO) -> None:
    """Write a table with a checksum for each page."""
    pq.write_table(table, file, compression="zstd", write_page_checksum=True)


def read_parquet(
    path: Path,
    stage: str,
    columns: Sequence[str] | None = None,
    check_schema: Callable[[pa.Schema], None] = lambda _: None,
) -> pa.Table:
    """Return the table in a file that a stage wrote.

    Args:
        path: of the file.
        stage: that writes it, for messages.
        columns: to read; None for all. The others are not read, so damage in them goes unnoticed.
        check_schema: raises if the schema of the whole file is not the expected one.

    Raises:
        InputError: the file is missing or damaged.
    """
    again = f"run the {stage} stage again"
    try:
        with naming_damage(path, "a Parquet file", again):
            file = pq.ParquetDataset(path, page_checksum_verification=True)
            check_schema(file.schema)
            table = file.read(None if columns is None else list(columns))
            table.validate(full=True)
            return table
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the {stage} stage first") from None
