"""A rung's predictions with the labels that they are judged by."""

import hashlib
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from pipeline.compare.sides.in_folder import result_in_folder
from pipeline.compare.sides.results import Side
from pipeline.compare.sides.rung_result import read_rung
from pipeline.errors import InputError
from tests.compare.making import LEFT, RIGHT, told, write_result

TWO = {"a.jpg": [("cat", LEFT), ("dog", RIGHT)], "b.jpg": []}


@pytest.fixture
def result(tmp_path):
    folder = write_result(
        tmp_path, TWO, {"ssd": told(TWO), "bbox": told({"a.jpg": [("cat", LEFT)]})}
    )
    return result_in_folder("mine", folder)


def test_a_rung_is_judged_by_the_table_of_its_task(result):
    ssd, bbox = (read_rung(result, rung, "val") for rung in ("ssd", "bbox"))
    assert (len(ssd.truth), len(bbox.truth)) == (2, 1)
    assert len(ssd.images) == len(bbox.images) == 2
    assert ssd.owner == "mine" and ssd.rung == "ssd"


def test_another_split_may_be_empty(result):
    test = read_rung(result, "ssd", "test")
    assert len(test.images) == len(test.truth) == len(test.predictions.table) == 0


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("predictions/ssd.parquet", "predictions of ssd of mine: .* is missing; `dvc pull`"),
        ("data/tables/objects.parquet", "table objects of ssd of mine: .* is missing"),
    ],
)
def test_what_is_absent_is_named_with_a_remedy(result, tmp_path, file, words):
    (tmp_path / file).unlink()
    with pytest.raises(InputError, match=words):
        read_rung(result, "ssd", "val")


def test_a_table_that_is_damaged_or_lacks_a_column(result, tmp_path):
    path = tmp_path / "data/tables/objects.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["ignore"]), path)
    with pytest.raises(InputError, match=r"objects\.parquet: ignore: no such column of type bool"):
        read_rung(result, "ssd", "val")
    pq.write_table(table.replace_schema_metadata({}), path)
    with pytest.raises(InputError, match=r"objects\.parquet: metadata: has no list of classes"):
        read_rung(result, "ssd", "val")
    path.write_bytes(b"no")
    with pytest.raises(InputError, match=r"objects\.parquet: not a Parquet file"):
        read_rung(result, "ssd", "val")


def test_tables_from_before_some_columns_were_added_will_do(result, tmp_path):
    path = tmp_path / "data/tables/images.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["photo", "turned"]), path)
    assert len(read_rung(result, "ssd", "val").images) == 2


def test_predictions_of_other_classes_than_the_tables(result, tmp_path):
    write_result(tmp_path, TWO, {}, classes=("cat", "dog", "eel"))
    with pytest.raises(InputError, match="ssd of mine: predictions: classes differ"):
        read_rung(result, "ssd", "val")


def test_predictions_from_before_the_tables_were_made_anew(result, tmp_path):
    write_result(tmp_path, dict(reversed(TWO.items())), {})
    with pytest.raises(InputError, match="ssd of mine: predictions: photos differ"):
        read_rung(result, "ssd", "val")


def test_predictions_from_before_the_photos_were_split_anew(result):
    images = result.rungs["ssd"].tables["images"]
    md5 = hashlib.md5(images.read_bytes()).hexdigest()

    def recorded(digest: str) -> Side:
        files = replace(result.rungs["ssd"], deps={"data/tables/images.parquet": digest})
        return replace(result, rungs={"ssd": files})

    assert len(read_rung(recorded(md5), "ssd", "val").images) == 2
    with pytest.raises(InputError, match="ssd of mine: predictions: photos differ"):
        read_rung(recorded("0" * 32), "ssd", "val")
