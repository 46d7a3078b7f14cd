"""The one YAML reader: YAML 1.2 as in DVC (`1e-3` is a number), errors as one line."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import InputError
from pipeline.reading.yaml_limits import fault_of_content, fault_of_text, may_be_deep

# pydantic takes longer to import than everything else that reading a YAML file needs.
if TYPE_CHECKING:
    from pydantic import JsonValue


def read_yaml(path: Path, remedy: str = "") -> "JsonValue":
    """Return the content of a YAML file, None if it is empty.

    Args:
        path: of the file.
        remedy: what to do about a damaged file, for the message.

    Raises:
        InputError: the file is missing, cannot be read or is not YAML; one line names it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: not found; run from the project's root folder") from None
    except UnicodeDecodeError:
        mend = remedy or "save it as UTF-8"
        raise InputError(f"{path}: not text in UTF-8; {mend}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}{_after(remedy)}") from None
    return parse_yaml(text, str(path), remedy)


def parse_yaml(text: str, name: str, remedy: str = "") -> "JsonValue":
    """Return the content of a YAML text; `name` says where it is from, for the message.

    Raises:
        InputError: it is not YAML, is too large, or holds types that JSON does not have.
    """
    try:
        if fault := fault_of_text(text):
            raise InputError(f"{name}: {fault}; {remedy or 'make it smaller'}")
        content = YAML(typ="safe", pure=may_be_deep(text)).load(text)
    except DuplicateKeyError as error:  # whose message suggests allowing duplicates
        line = error.problem_mark.line + 1
        key = " ".join(str(error.problem).split()).split(" with value ")[0]
        raise InputError(
            f"{name}: not valid YAML: line {line}: {key}; {remedy or 'keep one'}"
        ) from None
    except YAMLError as error:
        raise InputError(f"{name}: not valid YAML: {_reason(error)}{_after(remedy)}") from None
    except RecursionError:
        raise InputError(f"{name}: is nested too deeply{_after(remedy)}") from None
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        # Invalid numbers and dates, and tags on the wrong type.
        raise InputError(f"{name}: not valid YAML: {error}{_after(remedy)}") from None
    if fault := fault_of_content(content):
        raise InputError(f"{name}: {fault}")
    return content


def _reason(error: YAMLError) -> str:
    """Return in one line what is wrong, on which line, and where the part begins that it is in."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    words = f"line {error.problem_mark.line + 1}: {error.problem}"
    if error.context and error.context_mark:
        words += f", {error.context} from line {error.context_mark.line + 1}"
    return " ".join(words.split())


def with_values(text: str, values: Mapping[str, "JsonValue"]) -> str:
    """Return a YAML document with some values set, keeping its comments and layout.

    Args:
        text: a document with a mapping.
        values: by keys joined by dots; their sections must exist.
    """
    yaml, out = YAML(), io.StringIO()
    yaml.width, yaml.preserve_quotes = 1000, True
    document = yaml.load(text)
    for key, value in values.items():
        *sections, last = key.split(".")
        section = document
        for name in sections:
            section = section[name]
        section[last] = value
    yaml.dump(document, out)
    return out.getvalue()


def flatten(nested: dict[str, "JsonValue"], prefix: str = "") -> dict[str, "JsonValue"]:
    """Return a nested mapping as one level, its keys joined by dots.

    >>> flatten({"a": {"b": 1, "c": {"d": 2}}})
    {'a.b': 1, 'a.c.d': 2}
    """
    flat: dict[str, JsonValue] = {}
    for key, value in nested.items():
        name = f"{prefix}{key}"
        flat |= flatten(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat


def _after(remedy: str) -> str:
    return f"; {remedy}" if remedy else ""
