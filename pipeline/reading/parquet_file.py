"""Parquet as the stages leave it: with checksums, and checked as a whole when it is read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import InputError
from pipeline.reading.damage import naming_damage


def write_parquet(table: pa.Table, file: Path | BinaryIO) -> None:
    """Write a table; each page has a checksum."""
    pq.write_table(table, file, compression="zstd", write_page_checksum=True)


def read_parquet(
    path: Path,
    stage: str,
    columns: Sequence[str] | None = None,
    check_schema: Callable[[pa.Schema], None] = lambda _: None,
) -> pa.Table:
    """Return the table of a file that a stage has written.

    Args:
        path: of the file.
        stage: that makes it, for messages.
        columns: to read; None for all. The others stay on the disk, damaged or not.
        check_schema: raises if the schema of the whole file is not to be read.

    Raises:
        InputError: the file is not there, or it is damaged.
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
