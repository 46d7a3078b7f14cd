"""Long lists read in blocks: the same result as a plain parser, or an honest refusal."""

import json
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.pascal import json_lists
from pipeline.formats.pascal.json_lists import UnusualError, read_lists

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("bbox", pa.list_(pa.float64()))])
NAMES = ("cat", "ä\n\t", 'a "quoted" one', "}, {", "]", "{", '"things": [', "\\")
FORMS = ({}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False})


def things(count, name="cat"):
    return [
        {"bbox": [i, 1.5, 1e-7, -3], "id": i, "name": name, "other": [[1, 2], []]}
        for i in range(count)
    ]


def write(tmp_path, document, **form):
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document, **form), encoding="utf-8")
    return path


def rows(count, name="cat"):
    return [{key: item[key] for key in SCHEMA.names} for item in things(count, name)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_every_form_and_length(tmp_path, form, count):
    document = {"first": {"a": [1]}, "things": things(count), "last": [{"b": 2}, {"c": "]"}]}
    rest, tables = read_lists(write(tmp_path, document, **form), {"things": SCHEMA})
    assert rest == document | {"things": []}
    assert tables["things"].to_pylist() == rows(count)


def test_lists_in_another_order_than_asked_for(tmp_path):
    path = write(tmp_path, {"b": things(2), "a": things(3)})
    _, tables = read_lists(path, {"a": SCHEMA, "b": SCHEMA})
    assert [len(tables[key]) for key in ("a", "b")] == [3, 2]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [200, 333, 1000])
def test_a_list_of_many_blocks(tmp_path, monkeypatch, form, size):
    monkeypatch.setattr(json_lists, "_BLOCK", size)
    items = [{"id": i, "name": f"cat {i}", "bbox": [i / 7] * (i % 5)} for i in range(100)]
    path = write(tmp_path, {"things": items, "categories": [{"id": 1}, {"id": 2}]}, **form)
    assert read_lists(path, {"things": SCHEMA})[1]["things"].to_pylist() == items


def test_the_same_key_behind_the_list_and_inside_is_no_matter(tmp_path):
    document = {"things": things(2), "inside": {"things": [{"id": 3}]}}
    rest, tables = read_lists(write(tmp_path, document), {"things": SCHEMA})
    assert rest == document | {"things": []}
    assert tables["things"].to_pylist() == rows(2)


@given(st.lists(st.sampled_from(NAMES) | st.text(), max_size=6), st.sampled_from(FORMS))
def test_any_strings_are_read_right_or_refused(tmp_path_factory, names, form):
    items = [{"id": i, "name": name, "bbox": []} for i, name in enumerate(names)]
    path = write(tmp_path_factory.mktemp("any"), {"things": items}, **form)
    try:
        _, tables = read_lists(path, {"things": SCHEMA})
    except UnusualError:
        assert any(set(name) & set('{}"') for name in names)  # never refused without a reason
    else:
        assert tables["things"].to_pylist() == items


ANY = st.recursive(
    st.sampled_from([None, 1, "}, {", "}]", "]"]) | st.text('{}[],"\\', max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["things", "id", ""]), inner, max_size=3)
    ),
    max_leaves=6,
)
ITEMS = st.lists(st.builds(lambda extra: {"id": 2, "other": extra}, ANY) | ANY, max_size=4)
DOCUMENTS = st.fixed_dictionaries({"before": ANY, "things": ITEMS, "behind": ANY})


@given(DOCUMENTS, st.sampled_from(FORMS), st.sampled_from([40, 1000]))
def test_any_document_is_read_right_or_refused(tmp_path_factory, document, form, size):
    path = write(tmp_path_factory.mktemp("any"), document, **form)
    try:
        with mock.patch.object(json_lists, "_BLOCK", size):
            rest, tables = read_lists(path, {"things": SCHEMA})
    except UnusualError:
        return
    assert rest == document | {"things": []}
    assert tables["things"]["id"].to_pylist() == [item.get("id") for item in document["things"]]


def test_a_field_that_an_object_lacks_is_null(tmp_path):
    _, tables = read_lists(write(tmp_path, {"things": [{"id": 1}, {}]}), {"things": SCHEMA})
    assert tables["things"]["id"].to_pylist() == [1, None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"things": [{"id": 1}',
        '{"things": [{"id": 1}, {"id": 2}',
        '{"things": [{"id": 1} {"id": 2}]}',
        '{"things": [{"id": 1}, {"id": 2},{"id": 3}]}',
        '{"things": [{"id": 1}, 2, {"id": 2}]}',
        '{"things": [{"id": {"a": 1}}, {"id": 2}]}',
        '{"things": [{"id": "one"}]}',
        '{"things": [{"id": 1.5}]}',
        '{"things": [{"id": NaN}]}',
        '{"things": [1, 2]}',
        '{"things": {"id": 1}}',
        '{"inside": {"things": [{"id": 1}]}}',
        '{"things": [{"id": 1}], "things": []}',
        '{"things": [], "things": [{"id": 1}]}',
        '{"inside": {"things": [{"id": 1}]}, "\\u0074hings": []}',
        '{"\\"things": [{"id": 1}], "things": []}',
        '{"things": [{"id": 1, "name": "a\nb"}]}',
        '{"things": [{"parts": [{"id": 1}, {"id": 2}]}, {"id": 3}]}',
        '{"things": [null, {"id": 1}, {"id": 2}]}',
        '{"things": [{"id": 1}, {"id": 2}, null]}',
        '{"things": [{"id": 1}, {"id": 2},]}',
        '{"things": [{"id": 1}]} and more',
        '{"other": []}',
    ],
)
def test_what_is_not_so_is_refused(tmp_path, text):
    path = tmp_path / "document.json"
    path.write_text(text)
    with pytest.raises(UnusualError):
        read_lists(path, {"things": SCHEMA})
