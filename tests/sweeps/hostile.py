"""Bad input that a client can send, on purpose or by mistake."""

import json
from collections.abc import Iterator
from typing import Any

# Whole bodies. None of them is a valid body of any operation.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \r\n\t ",
    "null": b"null",
    "a number": b"1",
    "a string": b'"text"',
    "an array": b"[]",
    "an array of objects": b"[{}]",
    "not JSON": b"<a/>",
    "half an object": b'{"id": ',
    "two objects": b"{}{}",
    "a trailing comma": b'{"id": null,}',
    "a comment": b"{/* */}",
    "single quotes": b"{'id': null}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id": null}'.encode("utf-16"),
    "UTF-32": '{"id": null}'.encode("utf-32"),
    "Latin-1": '{"note": "ü"}'.encode("latin-1"),
    "an overlong NUL": b'{"note": "\xc0\x80"}',
    "a raw surrogate": b'{"note": "\xed\xa0\x80"}',
    "a raw control character": b'{"note": "\x01"}',
    "a raw NUL": b'{"note": "\x00"}',
    "a key with NUL": b'{"a\\u0000b": 1}',
    "a key that is a surrogate": b'{"\\ud800": 1}',
    "an escaped NUL": b'{"note": "\\u0000"}',
    "a lone high surrogate": b'{"note": "\\ud800"}',
    "a lone low surrogate": b'{"note": "\\udc00"}',
    "surrogates in the wrong order": b'{"note": "\\udc00\\ud800"}',
    "an unknown escape": b'{"note": "\\x41"}',
    "half an escape": b'{"note": "\\u00"}',
    "NaN": b'{"value": NaN}',
    "Infinity": b'{"value": Infinity}',
    "minus Infinity": b'{"value": -Infinity}',
    "1e999": b'{"value": 1e999}',
    "-1e999": b'{"value": -1e999}',
    "2**70": b'{"duration_min": %d}' % 2**70,
    "10,000 digits": b'{"duration_min": ' + b"9" * 10_000 + b"}",
    "10,000 decimals": b'{"value": 0.' + b"1" * 10_000 + b"}",
    "a leading zero": b'{"value": 01}',
    "a plus sign": b'{"value": +1}',
    "hexadecimal": b'{"value": 0x10}',
    "the same key twice": b'{"note": "a", "note": "b"}',
    "the same key twice, escaped": b'{"note": "a", "n\\u006fte": "b"}',
    "depth 2,000": b'{"note": ' * 2_000 + b"1" + b"}" * 2_000,
    "100 keys": json.dumps({f"key {n}": n for n in range(100)}).encode(),
    "__proto__": b'{"__proto__": {"admin": true}, "constructor": {}}',
}
# And bodies that take a while to read.
LARGE: dict[str, bytes] = {
    "depth 100,000": b"[" * 100_000,
    "10,000 keys": json.dumps({f"key {n}": n for n in range(10_000)}).encode(),
    "a long key": b'{"' + b"k" * 500_000 + b'": 1}',
    "a long string": b'{"note_": "' + b"x" * 1_000_000 + b'"}',
    "a long number": b'{"duration_min": ' + b"9" * 1_000_000 + b"}",
}

# Values that replace any other value.
VALUES: tuple[Any, ...] = (
    None,
    True,
    2**31,
    2**63,
    -(2**70),
    -0.0,
    1e-320,
    1e300,
    "",
    "\u202e\ufeff",
    "x" * 5_000,
    "%s %(x)s {0} ${jndi:x} '; --",
    "2026-11-20T10:00:00",
    "0001-01-01T00:00:00+14:00",
    [],
    [None],
    {"": ""},
)


def mutations(body: Any) -> Iterator[Any]:
    """Copies of the body: in each, one value is replaced by one of `VALUES`."""
    for place in leaves(body):
        for value in VALUES:
            yield replaced(body, place, value)


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside a JSON value."""
    members: Any = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for step, member in members:
        yield (*place, step)
        yield from leaves(member, (*place, step))


def replaced(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """The body with another value at one path."""
    if not place:
        return value
    copy = body.copy()
    copy[place[0]] = replaced(body[place[0]], place[1:], value)
    return copy
