"""The page of parameters: legal values from the schema, what each is for from `params.yaml`."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from pipeline.params.fetch import SourceParams
from pipeline.params.params import Params
from pipeline.params.train import AugmentParams, RungParams, TrainParams

_HEAD = """# Parameters

Rendered by `make docs` from the schema in `pipeline/params/` and the comments of `params.yaml`. A
wrong name or value stops every command with a one-line error before any work. Values for real
photos are in `profiles/`.

```sh
.venv/bin/ladder run -S train.ssd_fpn.late.epochs=40    # for this run, and kept when it succeeds
.venv/bin/ladder run voc2007 --dry                      # what a profile changes, and what would run
.venv/bin/ladder run -S 'fetch.classes.drop=[shadow]'   # lists and mappings as in YAML
```
"""


def params_page(file: Path) -> str:
    """Return docs/params.md.

    Args:
        file: params.yaml.
    """
    values = YAML().load(file.read_text())
    parts = [_HEAD]
    for name, field in Params.model_fields.items():
        kind = section_type(field)
        if kind is TrainParams:
            parts += list(_of_training(values["train"]))
        else:
            parts.append(_section(name, kind, list(_rows(kind, [values[name]]))))
        if name == "fetch":
            rows = list(_rows(SourceParams, []))
            parts.append(_section("an entry of `fetch.sources`", SourceParams, rows, ticks=False))
    return "\n".join(parts)


def section_type(field: FieldInfo) -> type[BaseModel]:
    """Return the schema of a field that is a section."""
    assert isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    return field.annotation


def _of_training(train: CommentedMap) -> Iterator[str]:
    """Yield the shared section, that of all rungs, and what single rungs have besides."""
    fields = {name: section_type(field) for name, field in TrainParams.model_fields.items()}
    shared = fields.pop("shared")
    yield _section("train.shared", shared, list(_rows(shared, [train["shared"]])))
    sections = [train[name] for name in fields]
    yield _section("train.RUNG", RungParams, list(_rows(RungParams, sections)))
    rows = list(_rows(AugmentParams, []))
    yield _section("train.RUNG.augment", AugmentParams, rows)
    families = [kind for own in fields.values() for kind in _family(own)]
    for kind in dict.fromkeys(families):
        names = [name for name, own in fields.items() if issubclass(own, kind)]
        rows = list(_rows(kind, [train[name] for name in names], own=True))
        title = ", ".join(f"`train.{name}`" for name in names)
        yield _section(title, kind, rows, ticks=False)


def _family(kind: type[BaseModel]) -> list[type[BaseModel]]:
    """Return a rung's class of parameters and those between it and `RungParams`, these first."""
    above = [one for one in kind.__mro__ if issubclass(one, RungParams) and one is not RungParams]
    return above[::-1]


def _section(name: str, kind: type[BaseModel], rows: list[str], *, ticks: bool = True) -> str:
    title = f"`{name}`" if ticks else name
    table = "\n".join(["| parameter | legal | demo | what it is |", "|---|---|---|---|", *rows])
    return f"## {title}\n\n{inspect.cleandoc(kind.__doc__ or '')}\n\n{table}\n"


def _rows(
    kind: type[BaseModel], sections: list[CommentedMap], *, own: bool = False, prefix: str = ""
) -> Iterator[str]:
    """Yield a row a parameter.

    Args:
        kind: the schema of a section.
        sections: the file's sections of this kind; the first comment tells what it is.
        own: leave out what the class has from the one above it.
        prefix: of the parameters' names.
    """
    schema = kind.model_json_schema()
    inherited = set().union(*(base.model_fields for base in kind.__bases__ if own))  # type: ignore[attr-defined]
    for name, field in kind.model_fields.items():
        inner, property_ = field.annotation, schema["properties"][name]
        if name in inherited or inner is AugmentParams:
            continue
        below = [section[name] for section in sections]
        if (
            isinstance(inner, type)
            and issubclass(inner, BaseModel)
            and not _comment(sections, name)
        ):
            yield from _rows(inner, below, prefix=f"{prefix}{name}.")
            continue
        what = field.description or _comment(sections, name)
        value = _flow(below[0]) if below and len(sections) == 1 else ""
        legal = _legal(property_, schema.get("$defs", {}))
        cells = [f"`{prefix}{name}`", legal, value, what]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _comment(sections: list[CommentedMap], name: str) -> str:
    """Return the first comment behind a key; empty if there is none."""
    for section in sections:
        token = (section.ca.items.get(name) or [None] * 3)[2]
        if token is not None:
            return token.value.partition("\n")[0].strip("# ")
    return ""


def _flow(value: object) -> str:
    """Return a value as it stands in YAML, in one line."""
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    if isinstance(value, Mapping):
        return f"`{{{', '.join(f'{key}: {one}' for key, one in value.items())}}}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else '`""`'


def _legal(schema: dict, defs: dict[str, dict]) -> str:
    """Return the legal values of a parameter in words.

    >>> _legal({"type": "number", "exclusiveMinimum": 0}, {})
    'above 0'
    >>> _legal({"type": "integer", "minimum": 1, "maximum": 9}, {})
    'whole, 1 to 9'
    """
    if "$ref" in schema:
        inner = defs[schema["$ref"].rpartition("/")[2]]["properties"]
        return "; ".join(f"{name} {_legal(one, defs)}" for name, one in inner.items())
    if "anyOf" in schema:
        return _legal(schema["anyOf"][0], defs)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type")
    if kind not in ("integer", "number"):
        kinds = {"boolean": "`true`, `false`", "array": "list", "object": "mapping"}
        return kinds.get(kind, "path" if schema.get("format") == "path" else "text")
    words = [_bounds(schema)] if _bounds(schema) else []
    if kind == "integer":
        words.insert(0, "whole")
    if "multipleOf" in schema:
        words.append(f"a multiple of {schema['multipleOf']}")
    return ", ".join(words)


def _bounds(schema: dict) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    words = []
    if above is not None:
        words.append(f"above {above:g}")
    if low is not None:
        words.append(f"{low:g} or more")
    if below is not None:
        words.append(f"below {below}")
    if high is not None:
        words.append(f"{high:g} at most")
    return ", ".join(words)
