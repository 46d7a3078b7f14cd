"""Reading YAML, and setting values in it."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.yaml_file import flatten, parse_yaml, read_yaml, with_values

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("trusted", [False, True])
def test_numbers_are_read_as_dvc_reads_them(tmp_path, trusted):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1e-3\nb: no\nc: 010\nd: 1:30\ne: 1_000\n")
    content = {"a": 0.001, "b": "no", "c": 10, "d": "1:30", "e": 1000}
    assert read_yaml(path, trusted=trusted) == content
    path.write_text("")
    assert read_yaml(path, trusted=trusted) is None


def test_what_dvc_has_written_is_the_same_read_in_c():
    text = (ROOT / "dvc.lock").read_text()
    assert parse_yaml(text, "", trusted=True) == parse_yaml(text, "")


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("content", [b"a: [", b"a: 1\n  b: 2", b"\x00", b"a: \xff", b"a: 1\na: 2"])
def test_what_is_no_yaml_is_one_line_with_the_remedy(tmp_path, content, trusted):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_yaml(path, "mend it", trusted)
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


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("text", ["a:\n  b: 1\n  b: 2\n", '{"a": {"b": 1,\n\n"b": 1}}'])
def test_a_key_that_is_there_twice_is_named(text, trusted):
    message = r'^-S x: not valid YAML: line 3: found duplicate key "b"; keep one$'
    with pytest.raises(InputError, match=message):
        parse_yaml(text, "-S x", trusted=trusted)


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
