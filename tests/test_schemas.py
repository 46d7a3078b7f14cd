"""Tables on disk: the expected schema is read back, any other is refused."""

import dataclasses
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError
from pipeline.reading.parquet_file import write_parquet
from pipeline.schemas import (
    IMAGES_SCHEMA,
    OBJECTS_SCHEMA,
    SCHEMAS,
    of_split,
    read_classes,
    read_table,
)
from pipeline.tables.build import write_tables


def test_the_schemas_are_the_agreed_ones(tables):
    for name, schema in SCHEMAS.items():
        assert tables.by_name[name].schema.equals(schema)
        assert json.loads(tables.by_name[name].schema.metadata[b"classes"]) == ["cat", "dog"]
    assert [str(field.type) for field in IMAGES_SCHEMA][:4] == ["int64", "string", "int32", "int32"]
    assert OBJECTS_SCHEMA.names == [
        *("object_id", "image_id", "file_name", "width", "height", "split", "label", "name"),
        *("xmin", "ymin", "xmax", "ymax", "area", "ignore", "score"),
    ]


def test_written_and_read_tables_are_equal(tables, tmp_path):
    write_tables(tmp_path / "tables", tables)
    for name, schema in SCHEMAS.items():
        table = read_table(tmp_path / f"tables/{name}.parquet", schema)
        assert table.equals(tables.by_name[name], check_metadata=True)
        assert read_classes(table) == ["cat", "dog"]
    assert json.loads((tmp_path / "tables/report.json").read_text()) == tables.report


def _without(table):
    return table.drop_columns(["height"])


def _other_type(table):
    return table.set_column(3, "height", table["height"].cast(pa.int64()))


def _one_more(table):
    return table.append_column("colour", pa.nulls(len(table)))


def _other_order(table):
    return table.select(table.column_names[::-1])


def _no_classes(table):
    return table.replace_schema_metadata({})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_without, "height: has no such column, expected int32"),
        (_other_type, "height: has int64, expected int32"),
        (_one_more, "colour: has this column, expected none"),
        (_other_order, "columns: has the order"),
        (_no_classes, "metadata: has no list of classes"),
    ],
)
def test_another_schema_is_refused_on_read_and_on_write(tables, tmp_path, change, problem):
    changed = change(tables.images)
    pq.write_table(changed, tmp_path / "images.parquet")
    with pytest.raises(InputError, match=rf"images\.parquet: {problem}.*; run the tables stage"):
        read_table(tmp_path / "images.parquet", IMAGES_SCHEMA)
    with pytest.raises(InputError, match=problem):
        write_tables(tmp_path / "again", dataclasses.replace(tables, images=changed))


def test_absent_and_damaged_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"x\.parquet: no such file; run the tables stage"):
        read_table(tmp_path / "x.parquet", IMAGES_SCHEMA)
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match=r"x\.parquet: not a Parquet .*; run the tables stage"):
        read_table(tmp_path / "x.parquet", IMAGES_SCHEMA)


def test_columns_that_are_not_asked_for_are_not_read(tables, tmp_path):
    path = tmp_path / "images.parquet"
    write_parquet(tables.images, path)
    whole = read_table(path, IMAGES_SCHEMA)
    assert read_table(path, IMAGES_SCHEMA, ("split", "image_id")).equals(
        whole.select(["split", "image_id"]), check_metadata=True
    )
    column = pq.read_metadata(path).row_group(0).column(2)  # width
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a Parquet file, or damaged"):
        read_table(path, IMAGES_SCHEMA)
    assert len(read_table(path, IMAGES_SCHEMA, ["image_id"])) == len(whole)


def test_the_schema_is_that_of_all_columns_and_values_are_those_read(tables, tmp_path):
    path = tmp_path / "images.parquet"
    zero = tables.images.set_column(2, "width", pa.array([0] * len(tables.images), pa.int32()))
    write_parquet(zero, path)
    assert read_table(path, IMAGES_SCHEMA, ["image_id"]).column_names == ["image_id"]
    with pytest.raises(InputError, match="width, height: below 1 in some row"):
        read_table(path, IMAGES_SCHEMA, ["width"])
    pq.write_table(_other_type(tables.images), path)
    with pytest.raises(InputError, match="height: has int64, expected int32"):
        read_table(path, IMAGES_SCHEMA, ["image_id"])


def test_rows_of_a_split(tables):
    for table in (tables.images, tables.objects):
        parts = [of_split(table, split) for split in ("train", "val", "test")]
        assert sum(map(len, parts)) == len(table) and len(parts[0])
        for part, split in zip(parts, ("train", "val", "test"), strict=True):
            assert set(part["split"].to_pylist()) <= {split}
    assert len(of_split(tables.images, "other")) == 0
