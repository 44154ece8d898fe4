"""Every reader of untrusted input, and the property that holds for any input.

Each reader gets any bytes. Either it refuses them with the one exception that it documents, or it
accepts them and they equal what it would write itself. Anything else raises.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from joserfc.jwk import ECKey, RSAKey
from pydantic_core import from_json, to_json

from app.auth import jose
from app.auth.models import Client
from app.auth.rules import (
    ACCESS_TOKEN,
    API_KEY,
    ENROLMENT_CODE,
    REFRESH_TOKEN,
    Untrusted,
    parse_key,
)
from app.core.http.forms import form_members
from app.core.http.outgoing import check_address
from app.core.http.pages import Order
from app.core.values.faults import RuleBroken
from app.core.values.problems import Invalid
from app.core.values.wire import decode, merge_patch, read
from app.patients.schemas import PatientBody
from app.sessions.models import TreatmentSession
from app.sessions.schemas import SessionBody
from app.transfer.bodies import read_row
from app.transfer.csv_records import Record, records
from app.transfer.lines import lines
from app.transfer.rows import CSV, NDJSON, Row, rows
from tests.signing import key_set, signed

T = TypeVar("T")
EDIT_BYTES: Final = 4
EC, RSA = ECKey.generate_key("P-384"), RSAKey.generate_key(2048)
KEYS: Final = key_set(EC, RSA)
ALGORITHMS: Final = ("RS384", "ES384", "RS256", "ES256")
CLAIMS: Final = {"iss": "a", "sub": "a", "aud": "b", "exp": 2_000_000_000, "jti": "c"}
CLINIC: Final = UUID(int=7)
GENUINE: Final = (signed(EC, CLAIMS, "ES384"), signed(RSA, CLAIMS, "RS384", kid="b"))
ORDERS: Final = (
    Order((Client.id,)),
    Order((TreatmentSession.occurred_at, TreatmentSession.id), descending=True),
    Order((TreatmentSession.version,)),
)


def taken(refusals: type[Exception], work: Callable[[], T]) -> T | None:
    """What came of it; None where it was refused as is documented."""
    try:
        return work()
    except refusals:
        return None


def json_body(raw: bytes) -> None:
    """JSON: accepted input equals what another decoder reads, and survives a round trip."""
    value = taken(Invalid, lambda: decode(raw))
    if value is None:
        return
    assert decode(to_json(value)) == value
    if b"e" not in raw.lower() and len(raw) < 4_000:  # where the two may round differently
        assert json.loads(raw) == value
    assert not any(isinstance(one, float) and not math.isfinite(one) for one in _inside(value))
    assert not any(isinstance(one, str) and "\0" in one for one in _inside(value))


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [each for pair in value.items() for one in pair for each in _inside(one)]
    if isinstance(value, list):
        return [each for one in value for each in _inside(one)]
    return [value]


def record_body(raw: bytes) -> None:
    """A record: accepted input has the same meaning after it is written and sent again."""
    for model in (PatientBody, SessionBody):
        body = taken(Invalid, lambda model=model: read(model, raw))  # type: ignore[misc]
        if body is not None:
            assert read(model, body.model_dump_json().encode()) == body


def csv_file(raw: bytes) -> None:
    """A CSV file: records that are accepted are the same after they are written and read again."""
    found = [
        list(each.cells) for each in taken(Invalid, lambda: csv_records(raw)) or () if each.cells
    ]
    text = io.StringIO(newline="")
    # The first record keeps NUL characters away from where UTF-16 is recognised.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["first"], *found])
    _, *again = csv_records(text.getvalue().encode(errors="surrogateescape"))
    assert [list(each.cells) for each in again] == found
    import_rows(raw, CSV)


def csv_records(raw: bytes) -> list[Record]:
    """The records of a CSV file."""
    return list(records(lines(io.BytesIO(raw))))


def json_lines(raw: bytes) -> None:
    """A file of JSON lines: each accepted row is valid by itself."""
    import_rows(raw, NDJSON)


def import_rows(raw: bytes, media: str) -> None:
    """Read the rows of a file. Their lines rise, and each has its JSON or its fault."""
    found: list[Row] = []
    taken(Invalid, lambda: found.extend(rows(io.BytesIO(raw), media)))
    numbers = [row.line for row in found]
    assert numbers == sorted(set(numbers))
    for row in found:
        assert bool(row.raw) == (row.fault is None)
        if row.fault is None:
            taken(Invalid, lambda row=row: read_row(row.raw, CLINIC))  # type: ignore[misc]


def patch(raw: bytes) -> None:
    """A merge patch is idempotent; null removes a member, and nothing else is removed."""
    try:
        target, changes = from_json(raw)
    except (ValueError, TypeError):
        return
    before = to_json([target, changes])
    once = merge_patch(target, changes)
    assert merge_patch(once, changes) == once
    assert to_json([target, changes]) == before
    if isinstance(changes, dict) and isinstance(target, dict):
        gone = {name for name, change in changes.items() if change is None}
        assert once.keys() == (target.keys() | changes.keys()) - gone
        assert all(once[name] == target[name] for name in target.keys() - changes.keys())
    elif not isinstance(changes, dict):
        assert once == changes


def cursor(raw: bytes) -> None:
    """A cursor: accepted input is exactly what a list issues for that key."""
    text = raw.decode("latin-1")
    for order in ORDERS:
        key = taken(Invalid, lambda order=order: order.key(text))  # type: ignore[misc]
        if key is not None:
            assert order.cursor_of(list(key.values())) == text


def key(raw: bytes) -> None:
    """A key of any kind: accepted input is written exactly as it came."""
    text = raw.decode("latin-1")
    found = parse_key(text, API_KEY, ACCESS_TOKEN, ENROLMENT_CODE, REFRESH_TOKEN)
    if found is not None:
        assert str(found) == text
        assert isinstance(found.client_id, UUID)
        assert found.matches(found.digest)


def token(raw: bytes) -> None:
    """A signed token: only those that the key signed are accepted, in their exact spelling."""
    for text in (raw.decode("latin-1"), *(edited(each, raw) for each in GENUINE)):
        if is_believed(text):
            # From a known signature, one can only derive other spellings of the same (r, s).
            assert text in GENUINE


def is_believed(text: str) -> bool:
    """Whether a token is one that our keys have signed, as far as the server can tell."""
    try:
        read_token = jose.read(text, ALGORITHMS)
        jose.check(read_token, KEYS)
    except Untrusted:
        return False
    return True


def edited(text: str, edits: bytes) -> str:
    """A text after a few edits: four bytes each: kind, place (two), character."""
    for n in range(0, len(edits) - EDIT_BYTES + 1, EDIT_BYTES):
        what, high, low, letter = edits[n : n + EDIT_BYTES]
        at = (high * 256 + low) % (len(text) + 1)
        kept = text[at + 1 :] if what % 3 else text[at:]
        text = text[:at] + ("" if what % 3 == 1 else chr(letter)) + kept
    return text


def token_form(raw: bytes) -> None:
    """The form of `/oauth/token`: accepted input has the same meaning after a round trip."""
    form: Mapping[str, str] | None = taken(ValueError, lambda: form_members(raw))
    if form is not None:
        assert form_members(urlencode(form).encode()) == form


def address(raw: bytes) -> None:
    """An address to fetch: accepted ones are `https` and have a host, but no user name."""
    text = raw.decode("latin-1")
    try:
        check_address(text)
    except RuleBroken:
        return
    parts = urlsplit(text)
    assert (parts.scheme, parts.username, parts.password) == ("https", None, None)
    assert parts.hostname
    assert text.isprintable()


READERS: Final[tuple[Callable[[bytes], None], ...]] = (
    *(json_body, record_body, patch, cursor, key, token, token_form, address),
    *(csv_file, json_lines),
)
SEEDS: Final[Mapping[Callable[[bytes], None], tuple[bytes, ...]]] = {
    json_body: (b'{"a": [1, 2.5, "\\u00e4", null, true]}', b'{"a": "\\u0000"}', b"[1e999]"),
    record_body: (
        b'{"identifiers": [{"system": "s", "value": "v"}], "given_name": "A", "sex": null}',
        to_json(SessionBody.model_config["json_schema_extra"]["examples"][0]),  # type: ignore[index]
    ),
    patch: (b'[{"a": {"b": 1}, "c": 2}, {"a": {"b": null}, "c": 3}]', b'[{"a": 1}, []]'),
    cursor: (
        b"WyIwMTkwYWFhYS1hYWFhLTcwMDAtODAwMC0wMDAwMDAwMDAwMGEiXQ",
        ORDERS[2].cursor_of([7]).encode(),
    ),
    key: (b"nw_0190aaaaaaaa7000800000000000000a_secret", b"nwr_0190aaaaaaaa7000800000000000000a_"),
    token: (b"", b"\x01\x00\x10a", GENUINE[0].encode(), GENUINE[1].encode()),
    token_form: (b"grant_type=refresh_token&refresh_token=a%20b+c", b"a=1&b=%ff"),
    address: (b"https://example.org:8443/keys?a=b", b"https://a@b/", b"https://[::1]/"),
    csv_file: (
        b'type,given_name,identifiers\r\npatient,Ada,"[{""system"": ""s"", ""value"": ""v""}]"\r\n',
        b'type,session_id,soreness,bruising,comment\nfollow_up,x,3.0,TRUE,"a\nb"\n',
        b'type;given_name\rpatient;"Ada',
    ),
    json_lines: (
        b'{"type": "patient", "given_name": "Ada"}\r\n\n{"type": "follow_up", "soreness": 3.0}',
        b'\xef\xbb\xbf{"type": "patient"}\r{"type": "thresholds"}\r',
        '{"type": "patient"}\n'.encode("utf-16"),
    ),
}
