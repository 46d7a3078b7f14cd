"""The limits for YAML files."""

import pytest

from pipeline.errors import InputError
from pipeline.reading.yaml_limits import (
    LONGEST_LINE_FOR_C,
    MOST_CHARACTERS,
    MOST_DEPTH,
    fault_of_content,
    fault_of_text,
    may_be_deep,
)
from pipeline.yaml_file import parse_yaml


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        repeated = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{repeated}]")
    return "\n".join(lines)


def test_aliases_are_counted_as_what_they_repeat():
    assert len(parse_yaml(bomb(3), "a.yaml")["a2"]) == 10
    assert len(bomb(9)) < 650
    assert fault_of_text(bomb(4)) == ""
    with pytest.raises(InputError, match=r"^a\.yaml: has more than 200,000 values, .*; make it"):
        parse_yaml(bomb(9), "a.yaml")


def test_what_repeats_itself_is_named():
    with pytest.raises(InputError, match=r"^a\.yaml: \*a repeats what it is in; mend it$"):
        parse_yaml("x: &a [1, *a]", "a.yaml", "mend it")


def test_the_merge_of_a_mapping_is_as_ever():
    assert parse_yaml("a: &a {x: 1}\nb: {<<: *a, y: 2}", "")["b"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    "deep",
    [
        "[" * 20_000,
        "{a: " * 20_000,
        "- " * 50_000,
        "? " * 50_000,
        "\n".join(" " * level + "a:" for level in range(1900)),
    ],
)
def test_what_is_nested_deeply_is_refused(deep):
    with pytest.raises(InputError, match=r"^a\.yaml: is nested (more than 100 deep|too deeply)"):
        parse_yaml(deep, "a.yaml")
    shallow = MOST_DEPTH - 1
    assert parse_yaml("[" * shallow + "]" * shallow, "a.yaml")


def test_lists_and_keys_of_short_lines_go_as_deep_as_the_parser_in_c_can():
    indents = [" " * level for level in range(LONGEST_LINE_FOR_C - 2)]
    text = "\n".join(f"{indent}a:\n{indent}-" for indent in indents)  # two levels at each column
    assert not may_be_deep(text)
    with pytest.raises(InputError, match=r"^a\.yaml: is nested more than 100 deep$"):
        parse_yaml(text, "a.yaml")


def test_what_is_long_is_refused():
    with pytest.raises(InputError, match="longer than 2,000,000 characters"):
        parse_yaml("#" * (MOST_CHARACTERS + 1), "a.yaml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: {b: 2001-01-01}", "a.b = 2001-01-01 is a date; put it in quotes"),
        ("- !!set {x}", "0 = {'x'} is a set; put it in quotes"),
        ("? [1, 2]\n: 3", "the key (1, 2) is not text; put it in quotes"),
        ("a: {1.5: 2}", "the key a.1.5 is not text; put it in quotes"),
        ('a: ["x\\0y"]', "a.0 has a zero or half a character in its text; take it out"),
        (
            f'a: ["\\ud800", "{"x" * 500}"]',
            "a.0 has a zero or half a character in its text; take it out",
        ),
        ("a: 2001-99-99", "not valid YAML: month must be in 1..12"),
        ("a: !!int x", "not valid YAML: invalid literal for int() with base 10: 'x'"),
        ("a: 0x_", "not valid YAML: invalid literal for int() with base 16: ''"),
    ],
)
def test_what_json_does_not_know_is_named(text, line):
    with pytest.raises(InputError) as error:
        parse_yaml(text, "a.yaml")
    assert str(error.value) == f"a.yaml: {line}"


def test_whole_numbers_may_be_keys_as_in_yolo():
    assert fault_of_content({"names": {0: "cat", 1: None, 2: True, 3: 1.5}}) == ""
