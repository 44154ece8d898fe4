"""Write and read a line of `entries.ndjson` and its row of `entries.csv`. Pure."""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Final

from app.ledger.format.entry import INTEGER_MAX, canonical

# The members of an entry's public part in canonical order, which are also the CSV's columns.
PUBLIC: Final = (
    "actor",
    "at",
    "body_digest",
    "client",
    "clinic_id",
    "kind",
    "number",
    "operation",
    "patient_id",
    "reason",
    "request_id",
    "resource",
    "resource_id",
    "version",
)
NULLABLE: Final = {"body_digest", "client", "patient_id", "reason", "resource_id", "version"}
COUNTED: Final = {"number", "version"}
KINDS: Final = ("change", "access", "security")
HEADER: Final = ",".join(PUBLIC) + "\r\n"

LINE_START: Final = b'{"body":'
LINE_ENTRY: Final = b',"entry":'
LINE_SALT: Final = b',"salt":'

# A spreadsheet treats a cell that starts with one of these as a formula.
FORMULA: Final = frozenset("=+-@\t\r")


def entry_line(public: bytes, body: bytes | None, salt: bytes | None) -> bytes:
    """One line of canonical JSON with its newline; `body` is None if there is none, or none now."""
    salted = b"null" if salt is None else b'"%s"' % salt.hex().encode()
    return b'{"body":%s,"entry":%s,"salt":%s}\n' % (body or b"null", public, salted)


def entry_row(public: bytes) -> bytes:
    """One row of the CSV (RFC 4180), line end included."""
    return public_values(public.decode())[1].encode()


def public_values(text: str) -> tuple[tuple[str, ...], str]:
    """The values of a public part in the order of `PUBLIC` ("" for null), and its CSV row.

    Raises `ValueError` unless the text is the canonical JSON of an entry's public part.
    """
    plain = _PLAIN.fullmatch(text)
    if plain:
        values = plain.groups("")
        return values, ",".join(values) + "\r\n"
    values = _values(text)
    return values, _row(values)


def _plain(name: str) -> str:
    """A pattern for the value of this member, if neither JSON nor CSV needs to escape it."""
    if name in COUNTED:
        value = r"([1-9][0-9]{0,14}+)"
    elif name == "kind":
        value = f'"({"|".join(KINDS)})"'
    else:
        value = r'"(?![=+\-@])([^"\\,\x00-\x1f]*+)"'
    return f"(?>{value}|null)" if name in NULLABLE else value


# Several times as fast as parsing JSON, and nearly all entries match.
_PLAIN: Final = re.compile("{" + ",".join(f'"{name}":{_plain(name)}' for name in PUBLIC) + "}")


def _values(text: str) -> tuple[str, ...]:
    try:
        public = json.loads(text)
        shaped = (
            isinstance(public, dict)
            and tuple(public) == PUBLIC
            and all(_fits(name, value) for name, value in public.items())
            and canonical(public) == text.encode()
        )
    except (RecursionError, ValueError):
        shaped = False
    if not shaped:
        raise ValueError("not the public part of an entry")
    return tuple("" if value is None else str(value) for value in public.values())


def _fits(name: str, value: object) -> bool:
    if value is None:
        return name in NULLABLE
    if name in COUNTED:
        return type(value) is int and 0 < value <= INTEGER_MAX
    return isinstance(value, str) and (name != "kind" or value in KINDS)


def _row(values: Sequence[str]) -> str:
    cells = ["'" + value if value[:1] in FORMULA else value for value in values]
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\r\n").writerow(cells)
    return row.getvalue()
