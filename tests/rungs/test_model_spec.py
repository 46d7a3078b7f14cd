"""`model.json` is input like any other: each field is checked, and the wrong one is named."""

import json
import math
from dataclasses import asdict

import pytest

from pipeline.errors import InputError
from pipeline.rungs.model_spec import parse_spec, read_spec, spec_text
from tests.rungs.making import spec_of

SPEC = spec_of("ssd_fpn")
DIGEST = "0a" * 32
# A number that no JSON file may have, but Python's own reader takes.
NOT_FINITE = ("NaN", "Infinity", "-Infinity", "1e999")


def test_what_is_written_is_read(tmp_path):
    (tmp_path / "model.json").write_text(spec_text(SPEC, DIGEST))
    assert read_spec(tmp_path / "model.json") == (SPEC, DIGEST)
    assert parse_spec(json.dumps(asdict(SPEC))) == SPEC


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("rung", value) for value in (None, "", 1, "x" * 201)),
        *(("task", value) for value in (None, "fly", 3)),
        *(("backbone", value) for value in (None, [], "")),
        *(("image_size", value) for value in (None, 0, -128, 31, 2049, 20_000, 1e308, "128", True)),
        *(("classes", value) for value in (None, [], "cat", [1], [""], ["a", "a"], {"a": 1})),
        ("classes", [str(number) for number in range(2**15 + 1)]),
        *(("mean", value) for value in (None, 0.5, [0.5], [0.5] * 4, ["a"] * 3, [1e308] * 3)),
        *(("std", value) for value in ([0, 0.2, 0.2], [-0.2] * 3, [1e-300] * 3, [None] * 3)),
        *(("precision", value) for value in (None, "int4", "FLOAT32", 32)),
        *(("processor", value) for value in (None, 1, "x" * 201)),
        *(("options", value) for value in (None, [], {"channels": None}, {"form": ["ours"]})),
        *(("params", value) for value in (None, [], "x")),
        *(("weights_sha256", value) for value in ("", "0a", 1, DIGEST.upper(), DIGEST + "\n")),
        ("colour", "red"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, field, value):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(spec_text(SPEC, DIGEST)) | {field: value}))
    with pytest.raises(InputError) as error:
        read_spec(path)
    assert str(error.value).startswith(f"{path}: ") and field in str(error.value)
    assert str(error.value).endswith("; train it again") and len(str(error.value)) < 600


@pytest.mark.parametrize("field", [*asdict(SPEC)])
def test_an_absent_field_is_named(tmp_path, field):
    content = asdict(SPEC)
    del content[field]
    with pytest.raises(ValueError, match=f"^missing parameter {field}$"):
        parse_spec(json.dumps(content))


@pytest.mark.parametrize("number", NOT_FINITE)
@pytest.mark.parametrize("field", ["mean", "std"])
def test_what_is_no_finite_number_is_refused(field, number):
    text = json.dumps(asdict(SPEC) | {field: [0.5, 0.5, math.pi]})
    assert parse_spec(text)
    with pytest.raises(ValueError, match=field + r"\.2 = "):
        parse_spec(text.replace(str(math.pi), number))


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, '{"rung": ' * 9999, "\x00"])
def test_what_is_no_object_is_one_line(text):
    with pytest.raises(ValueError, match="the file = "):
        parse_spec(text)
