"""Changes of a sound input, as damage, haste and malice make them; repeatable by their seed."""

import json
import math
import random
import re
from collections.abc import Callable, Sequence

from tests.formats.spoiled import places

ODD_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0),
    *(1e308, -1e308, 1e-308, math.nan, math.inf, -math.inf),
    *("", " ", "x", "x" * 5000, "../../x", "/etc/passwd", "-rf", "$(id)", "`id`", "a\nb", "a\0b"),
    *("\ud800", "\u202e", "NaN", "1e999", "\uff12"),
    *([], [None], [[]], [[1, 2]], {}, {"": None}, {"x": {"x": 1}}),
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ODD_NUMBERS = (
    *(b"0", b"-1", b"NaN", b"nan", b"inf", b"-Infinity", b"1e308", b"-1e308", b"1e999", b"1e-999"),
    *(b"9" * 25, b"9" * 5000, b"0x1F", b"1_000", b"01", b"1,5", b"", b"\xff", b"2147483648"),
)
_ODD_BYTES = (
    b"\0",
    b"\n",
    b"\r",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x1b[2J",
    b"../",
    b"$(id)",
    b"&",
    b"%s",
)
_BILLION = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">' + b"".join(
    b'<!ENTITY %c "%s">' % (ord("b") + level, b"&%c;" % (ord("a") + level) * 10)
    for level in range(1, 9)
)
_XML_HEADS = (
    _BILLION + b"]>",
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x">%e;]>',
    b"<?xml version='1.0' encoding='utf-7'?>",
    b"<!DOCTYPE x>",
    b"<a>" * 5000,
)

Mutation = Callable[[bytes, random.Random], bytes]


def flip(data: bytes, chance: random.Random) -> bytes:
    """Flip one to four bits."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def flip_early(data: bytes, chance: random.Random) -> bytes:
    """Change bytes of the first or last 200, where headers and footers are."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        if changed:
            at = chance.randrange(min(200, len(changed)))
            changed[at if chance.random() < 0.7 else -1 - at] = chance.randrange(256)
    return bytes(changed)


def cut(data: bytes, chance: random.Random) -> bytes:
    """Keep a beginning, an end, or all but a piece."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice((data[:start], data[start:], data[:start] + data[end:]))


def splice(data: bytes, chance: random.Random) -> bytes:
    """Copy a piece over, or between, another place; or repeat it."""
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.choice((1, 4, 16, 256, 4096))]
    at = chance.randrange(len(data) + 1)
    inserted = piece * chance.choice((1, 1, 2, 500 if len(piece) < 100 else 3))
    return data[:at] + inserted + data[at + chance.choice((0, len(piece))) :]


def odd_bytes(data: bytes, chance: random.Random) -> bytes:
    """Insert bytes that mean something to somebody."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_ODD_BYTES) + data[at:]


def odd_number(data: bytes, chance: random.Random) -> bytes:
    """Replace a number in a text."""
    places = [found.span() for found in _NUMBER.finditer(data[:200_000])]
    if not places:
        return odd_bytes(data, chance)
    start, end = chance.choice(places)
    return data[:start] + chance.choice(_ODD_NUMBERS) + data[end:]


def size_field(data: bytes, chance: random.Random) -> bytes:
    """Overwrite two, four or eight bytes with a number that is large or negative."""
    width = chance.choice((2, 4, 8))
    at = chance.randrange(max(1, min(len(data), 4096) - width))
    number = chance.choice((0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1))
    order = "big" if chance.random() < 0.5 else "little"
    return data[:at] + (number % 256**width).to_bytes(width, order) + data[at + width :]


def json_value(data: bytes, chance: random.Random) -> bytes:
    """Change, drop or rename one value at any depth of a JSON, or nest it deeply."""
    try:
        content = json.loads(data)
        found = places(content)
    except (ValueError, RecursionError):
        return odd_bytes(data, chance)
    if not found or chance.random() < 0.02:
        depth = chance.choice((10, 500, 100_000))
        return b"[" * depth + data + b"]" * depth
    for _ in range(chance.randint(1, 2)):
        parent, key = chance.choice(found)
        if isinstance(parent, dict) and key in parent and chance.random() < 0.25:
            value = parent.pop(key)
            if chance.random() < 0.3:
                parent[f"{key}x"] = value
        else:
            parent[key] = chance.choice(ODD_VALUES)
    return json.dumps(content, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")


def json_line(data: bytes, chance: random.Random) -> bytes:
    """Change a value in one line of JSON lines."""
    lines = data.splitlines() or [b""]
    at = chance.randrange(len(lines))
    lines[at] = json_value(lines[at], chance)
    return b"\n".join(lines)


def xml_head(data: bytes, chance: random.Random) -> bytes:
    """Put entities, another encoding or depth before a document, and use the entities in it."""
    at = chance.randrange(len(data) + 1)
    used = data[:at] + chance.choice((b"", b"&i;", b"&e;", b"&#0;", b"&a;")) + data[at:]
    return chance.choice(_XML_HEADS) + re.sub(rb"<\?xml.*?\?>", b"", used)


def yaml_alias(data: bytes, chance: random.Random) -> bytes:
    """Add anchors, aliases, tags and keys of other types to a YAML."""
    levels = chance.choice((2, 5, 9))
    bomb = "\n".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}' if level else 'x'] * 9)}]"
        for level in range(levels)
    )
    extra = chance.choice(
        [
            *(bomb, "x: &x [*x]", "? [1, 2]\n: 3", "1: 2", "x: 2001-01-01", "x: 2001-99-99"),
            *("x: !!python/object/apply:os.system [id]", "x: !!binary x", "x: !!set {a}", "~: 1"),
            *("- " * 500, "[" * 500, "{a: " * 500, "<<: *nothing", "x: 0x_", "%YAML 9.9"),
        ]
    )
    lines = data.decode(errors="replace").splitlines()
    lines.insert(chance.randrange(len(lines) + 1), extra)
    return "\n".join(lines).encode()


BYTES: tuple[Mutation, ...] = (flip, flip_early, cut, splice, odd_bytes, size_field)
TEXT: tuple[Mutation, ...] = (odd_number, odd_number, odd_bytes, flip, cut, splice)
JSON: tuple[Mutation, ...] = (json_value, json_value, json_value, json_value, *TEXT)
LINES: tuple[Mutation, ...] = (json_line, json_line, json_line, *TEXT)
XML: tuple[Mutation, ...] = (xml_head, *TEXT)
YAML: tuple[Mutation, ...] = (yaml_alias, yaml_alias, *TEXT)


def mutate(data: bytes, mutations: Sequence[Mutation], chance: random.Random) -> bytes:
    """Return a changed copy: mostly by one mutation, at times by several."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = chance.choice(mutations)(data, chance)
    return data
