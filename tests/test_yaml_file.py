"""Reading YAML, and setting values in it."""

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import InputError
from pipeline.reading.yaml_limits import may_be_deep
from pipeline.yaml_file import flatten, parse_yaml, read_yaml, with_values

ROOT = Path(__file__).resolve().parent.parent


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1e-3\nb: no\nc: 010\nd: 1:30\ne: 1_000\n")
    content = {"a": 0.001, "b": "no", "c": 10, "d": "1:30", "e": 1000}
    assert read_yaml(path) == content
    path.write_text("")
    assert read_yaml(path) is None


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml", "params.yaml", "profiles/voc2007.yaml"])
def test_the_parser_in_c_reads_what_the_one_in_python_does(name):
    text = (ROOT / name).read_text()
    assert not may_be_deep(text)
    assert parse_yaml(text, "") == YAML(typ="safe", pure=True).load(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_both_parsers_agree_on_what_is_written(value, flow):
    out = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = flow
    writer.dump(value, out)
    try:
        expected = YAML(typ="safe", pure=True).load(out.getvalue())
    except YAMLError:  # writes text that it does not read
        return
    try:
        assert YAML(typ="safe").load(out.getvalue()) == expected
    except YAMLError:  # that in C, which DVC uses as well, refuses [a?] and [a:b]
        assert flow and re.search("[?:]", out.getvalue())


@pytest.mark.parametrize("content", [b"a: [", b"a: 1\n  b: 2", b"\x00", b"a: \xff", b"a: 1\na: 2"])
def test_what_is_no_yaml_is_one_line_with_the_remedy(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_yaml(path, "mend it")
    assert str(error.value).startswith(f"{path}: ") and str(error.value).endswith("; mend it")
    assert "\n" not in str(error.value)


def test_the_mark_of_utf_8_is_passed_over_and_another_encoding_named(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1", encoding="utf-8-sig")
    assert read_yaml(path) == {"a": 1}
    for encoding in ("utf-16", "latin-1"):
        path.write_text("a: é", encoding=encoding)
        with pytest.raises(InputError, match=r"a\.yaml: not text in UTF-8; save it as UTF-8$"):
            read_yaml(path)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match=r"a\.yaml: not found; run from the project's root folder"):
        read_yaml(tmp_path / "a.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml(tmp_path)


def test_a_text_is_called_by_its_name():
    assert parse_yaml("[1, x]", "-S a") == [1, "x"]
    with pytest.raises(InputError, match=r"^-S a: not valid YAML: [^;]*$"):
        parse_yaml("[1", "-S a")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1\nc: 2", "line 3: did not find .*, while parsing a flow sequence from line 2"),
        ("a: 1\n\tb: 2", "line 2: found a tab character that violates .* from line 1"),
        ("a: 1\n  b: 2", "line 2: mapping values are not allowed in this context"),
        ("a: \x07", "unacceptable character #x0007: .*"),
    ],
)
def test_it_says_on_which_line_the_mistake_is(text, line):
    with pytest.raises(InputError, match=rf"^params\.yaml: not valid YAML: {line}$"):
        parse_yaml(text, "params.yaml")


@pytest.mark.parametrize("text", ["a:\n  b: 1\n  b: 2\n", '{"a": {"b": 1,\n\n"b": 1}}'])
def test_a_key_that_is_there_twice_is_named(text):
    message = r'^-S x: not valid YAML: line 3: found duplicate key "b"; keep one$'
    with pytest.raises(InputError, match=message):
        parse_yaml(text, "-S x")


def test_values_are_set_and_everything_else_stays():
    text = "# head\na:   # why\n  b: {c: 1, d: 0.50}  # both\n  e: 'x'\n\n  f: 2   # last\n"
    assert with_values(text, {}) == text.replace("f: 2   #", "f: 2   #")
    changed = with_values(text, {"a.b.c": 3, "a.f": "y z"})
    assert "  b: {c: 3, d: 0.50}  # both" in changed and "  f: y z # last" in changed
    assert parse_yaml(changed, "") == {"a": {"b": {"c": 3, "d": 0.5}, "e": "x", "f": "y z"}}


def test_flatten():
    assert flatten({}) == {}
    nested = {"a": {"b": {"c": 1}, "d": [2]}, "e": None}
    assert flatten(nested) == {"a.b.c": 1, "a.d": [2], "e": None}
