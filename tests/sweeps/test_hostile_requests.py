"""Every bad address or header gets a documented answer, never a 5xx."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.sweeps.document import operations, undocumented
from tests.sweeps.world import World

WORDS = (
    "%00",
    "%ff",
    "%ed%a0%80",
    "%c0%80",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "-1",
    "0",
    "9" * 400,
    "x" * 5_000,
    "0190aaaa-aaaa-7000-8000-00000000000",
    "0190aaaa-aaaa-7000-8000-00000000000aa",
    "null",
    "%F0%9F%92%89",
    "%E2%80%AE",
    "a%0d%0aSet-Cookie:x=1",
    "{id}",
    "'%20OR%201=1--",
)
QUERIES = (
    *(f"limit={limit}" for limit in ("0", "-1", "", "1e2", "%D9%A3", "9" * 30, "5.5", "1_0")),
    "limit=5&limit=6",
    "no_such_parameter=1",
    "=",
    "%00=1",
    "%ff=%ff",
    "x" * 20_000,
    "&".join(f"p{n}=" for n in range(5_000)),
    "&".join("limit=1" for _ in range(5_000)),
)


def cursor(value: Any) -> str:
    """A cursor in the form that lists use, with any content."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


NOW, ID = "2026-11-01T10:00:00Z", "0190aaaa-aaaa-7000-8000-00000000000a"
CURSORS = (
    "x",
    "%00",
    "%ff",
    "=",
    "\u0663",
    "A" * 500,
    "A" * 501,
    *map(cursor, (None, 1, "x", {}, [], [1], [None], [[]], [{}], ["x"], [NOW], [2**70], [1e300])),
    *map(cursor, ([ID, ID], [NOW, NOW], [1, ID], [NOW, 1], [NOW, None], [NOW, "x"], [ID, NOW])),
    *(cursor([at, ID]) for at in ("99999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "", "x")),
    *(
        cursor([at, ID])
        for at in ("2026-11-01T10:00:00", "2026-11-01", "9999-12-31T23:59:59-23:59")
    ),
    *(cursor([at, ID]) for at in ("2026-11-01T10:00:00+99:99", "2026-11-01T10:00:00.1234567Z")),
    cursor([NOW, ID, ID]),
    cursor([True, True]),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b"[" * 300).decode(),
    base64.urlsafe_b64encode(b'["\\u0000", "\\u0000"]').decode(),
    base64.urlsafe_b64encode(b'["' + NOW.encode() + b'", NaN]').decode(),
)


NOTHING: dict[str, Any] = {"items": [], "next": None, "next_cursor": None}


def test_hostile_text_in_a_path_is_404_or_refused(api: Api) -> None:
    world = World(api)
    wrong: dict[str, Any] = {}
    for operation in operations():
        if "{" not in operation.path:
            continue
        sent = world.request(operation)
        for word in WORDS:
            sent.path = operation.path
            for name in operation.parameters("path"):
                sent.path = sent.path.replace(f"{{{name}}}", word)
            answer = sent.by(api)
            nothing = answer.status_code == 200 and NOTHING.items() <= answer.json().items()
            if (not nothing and answer.status_code not in {404, 405, 422}) or (
                answer.status_code == 422 and undocumented(operation, answer)
            ):
                wrong[f"{operation.name} {word[:40]}"] = answer.text
    assert wrong == {}


def test_a_hostile_query_is_answered_as_documented(api: Api) -> None:
    world = World(api)
    wrong: dict[str, Any] = {}
    for operation in operations():
        if not operation.parameters("query"):
            continue
        sent = world.request(operation)
        path = sent.path
        for query in QUERIES:
            sent.path = f"{path}?{quote(query, safe='%=&+')}"
            answer = sent.by(api)
            fault = undocumented(operation, answer)
            if fault or answer.status_code not in {200, 422}:
                wrong[f"{operation.name} {query[:40]}"] = fault or answer.text
    assert wrong == {}


def test_an_unknown_parameter_is_refused_by_name(api: Api) -> None:
    world = World(api)
    for operation in operations():
        sent = world.request(operation)
        sent.path += ("&" if "?" in sent.path else "?") + "no_such_parameter=1"
        answer = sent.by(api)
        assert answer.status_code == 422, operation.name
        assert "/no_such_parameter" in {e["pointer"] for e in answer.json()["errors"]}


def test_an_unstorable_query_is_refused_by_name(api: Api) -> None:
    nul = api.get("/v1/audit/entries?actor=%00")
    assert [e["pointer"] for e in nul.json()["errors"]] == ["/actor"]
    broken = api.get("/v1/audit/entries?actor=%ED%A0%80")
    assert [(e["pointer"], e["code"]) for e in broken.json()["errors"]] == [("/actor", "not_utf8")]


@pytest.mark.parametrize("path", ["/v1/patients", "/v1/sessions", "/v1/muscles"])
def test_a_cursor_that_no_list_issued_is_refused(api: Api, path: str) -> None:
    wrong = {}
    own = cursor([ID]) if path == "/v1/patients" else cursor([NOW, ID])
    for made_up in set(CURSORS) - {own}:
        answer = api.get(f"{path}?cursor={quote(made_up, safe='%')}")
        if answer.status_code != 422 or ("/cursor" not in answer.text and made_up != "%00"):
            wrong[made_up] = answer.text
    assert wrong == {}


def test_every_filter_takes_any_text(api: Api) -> None:
    world = World(api)
    wrong = {}
    for operation in operations():
        sent = world.request(operation)
        path = sent.path
        for name in operation.parameters("query"):
            for word in (
                *WORDS[:10],
                "",
                "a|",
                "|b",
                "a|b|c",
                "2026-11-01T10:00:00",
                "2026-11-01T10:00:00%2B23:59",
            ):
                sent.path = f"{path}?{name}={quote(word, safe='%')}"
                answer = sent.by(api)
                fault = undocumented(operation, answer)
                if fault or answer.status_code not in {200, 422}:
                    wrong[f"{operation.name} {name}={word[:40]}"] = fault or answer.text
    assert wrong == {}


HEADERS: dict[str, tuple[bytes, ...]] = {
    "If-Match": (b"", b"*", b"x", b'""', b'"x"', b'"0"', b'"-1"', b'"1', b'"\xff"', b'"\x00"'),
    "If-None-Match": (b"", b"*", b"x", b'"\xff"', b",,,", b'W/"1"', b'"' + b"1" * 5_000 + b'"'),
    "Idempotency-Key": (b"", b"x" * 256, b"\x00", b"\xff", b"a b", b"\xc3\xa4", b"\t"),
    "X-Request-Id": (b"", b"x" * 129, b"\x00", b"a\tb", b"\xff", b"a b", b"{}"),
    "Content-Type": (
        b"",
        b"x",
        b"application/json; charset=utf-16",
        b"\xff",
        b"text/html",
        b"a/b/c",
    ),
    "Accept": (b"text/html", b"\xff"),
    "Host": (b"", b"[", b"[::1", b"a b", b"a:99999", b"%ff", b"\xff", b"x" * 3_000),
    "Content-Length": (b"-1", b"x", b"9" * 30),
    "Transfer-Encoding": (b"x",),
}

ANSWERED = {200, 201, 304, 404, 409, 412, 413, 415, 422, 428}
# Headers are read in one place; these requests reach each of its branches.
ONE_OF_EACH_SHAPE = [
    operation
    for operation in operations()
    if operation.path.startswith(("/v1/sessions", "/v1/patients", "/v1/imports", "/v1/changes"))
]


@pytest.mark.alike
@pytest.mark.parametrize("name", HEADERS)
def test_a_hostile_header_is_answered_as_documented(api: Api, name: str) -> None:
    world = World(api)
    wrong = {}
    for operation in ONE_OF_EACH_SHAPE:
        sent = world.request(operation)
        for value in HEADERS[name]:
            answer = api(
                sent.method, sent.path, content=sent.content, headers=sent.headers | {name: value}
            )
            fault = undocumented(operation, answer)
            if fault or answer.status_code not in ANSWERED:
                wrong[f"{operation.name} {value[:40]!r}"] = fault or answer.text
    assert wrong == {}


def test_a_request_id_that_could_forge_a_log_line_is_replaced(api: Api) -> None:
    for hostile in HEADERS["X-Request-Id"]:
        answer = api.get("/v1/clinic", headers={"X-Request-Id": hostile})
        if hostile != b"{}":
            assert answer.headers["x-request-id"].encode("latin-1") != hostile
        assert answer.headers["x-request-id"].isprintable()


def test_a_cursor_works_only_for_the_list_that_issued_it(api: Api) -> None:
    for _ in range(2):
        api.patient()
    following = api.get("/v1/patients?limit=1").json()["next"]
    given = following.partition("cursor=")[2]
    assert api.get(f"/v1/sessions?cursor={given}").status_code == 422
    assert api.get(f"/v1/patients?cursor={given}&x={uuid7()}").status_code == 422
