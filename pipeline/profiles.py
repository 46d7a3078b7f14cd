"""Profiles: YAML files that override `params.yaml`, each with only the values it changes."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from pipeline.errors import InputError
from pipeline.files import PROFILES
from pipeline.yaml_file import flatten, parse_yaml, read_yaml

if TYPE_CHECKING:
    from pydantic import JsonValue

FlatParams: TypeAlias = "dict[str, JsonValue]"  # by keys joined by dots
_EXTENDS = "extends"


def profile_names() -> list[str]:
    """Return the names of the project's profiles."""
    return sorted(path.stem for path in PROFILES.glob("*.yaml"))


def profile_values(name: str, params: FlatParams) -> FlatParams:
    """Return what a profile sets, on top of the profile that it extends.

    Args:
        name: of `profiles/NAME.yaml`.
        params: all parameters of `params.yaml`.

    Raises:
        InputError: a file is missing, is not YAML, or sets an unknown parameter.
    """
    values: FlatParams = {}
    for file, content in reversed(list(_lineage(name))):
        flat = flatten(content)
        refuse_unknown(flat, params, str(PROFILES / f"{file}.yaml"))
        values |= flat
    return values


def _lineage(name: str) -> Iterator[tuple[str, dict[str, "JsonValue"]]]:
    """Yield a profile, the one that it extends, and so on."""
    seen: set[str] = set()
    following: JsonValue = name
    while following is not None:
        file = str(following)
        path = PROFILES / f"{file}.yaml"
        if file in seen:
            raise InputError(f"{path}: {_EXTENDS}: leads back to itself; correct it")
        seen.add(file)
        content = read_yaml(path)
        if not isinstance(content, dict):
            raise InputError(f"{path}: no parameters; write them as in params.yaml")
        following = content.pop(_EXTENDS, None)
        yield file, content


def refuse_unknown(values: FlatParams, params: FlatParams, name: str) -> None:
    """Raise an `InputError` that lists the keys of `values` that are not parameters."""
    unknown = [key for key in values if key not in params]
    if unknown:
        like = get_close_matches(unknown[0], params, n=1)
        remedy = f"did you mean {like[0]}?" if like else "correct it"
        raise InputError(f"{name}: unknown parameter {', '.join(unknown)}; {remedy}")


def parse_setting(setting: str) -> FlatParams:
    """Return what `key=value` sets; the value is YAML, and a mapping sets several keys.

    >>> parse_setting("train.bbox.late={epochs: 40, lr: 1e-3}")
    {'train.bbox.late.epochs': 40, 'train.bbox.late.lr': 0.001}

    Raises:
        InputError: there is no `=` or no value, or the value is not YAML.
    """
    key, equals, value = setting.partition("=")
    values = flatten({key: parse_yaml(value, f"-S {setting}")}) if equals and key else {}
    if not values:
        raise InputError(f"-S {setting}: write KEY=VALUE, as in -S train.bbox.late.epochs=40")
    return values
