"""Text about a patient appears only in the record.

The tests call every operation of a running server with unique words in all texts, and provoke
success and each kind of refusal. Afterwards none of the words may be in the log (with every logger
at its lowest level), in a problem, header, address or metric, or in the public part of the ledger.
`ALLOWED` lists the exceptions.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from httpx2 import Client, Response
from pydantic_core import from_json, to_json
from sqlalchemy import text

from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.values.clock import uuid7
from tests import postgres
from tests.ground import Api, Clinic, create_clinic
from tests.serving import HOST, Serving, serving
from tests.signing import claims, key_set, signed
from tests.sweeps.canary import (
    ALLOWED,
    HELD,
    MEMBER,
    MORE,
    REQUEST_ID,
    AnswerRecorder,
    Planted,
    PlantedWorld,
)
from tests.sweeps.document import Documented, document, operations
from tests.sweeps.hostile import leaves, replaced
from tests.sweeps.test_hostile_requests import ONE_OF_EACH_SHAPE, cursor
from tests.sweeps.test_problems import ID, Provoker, in_other_states
from tests.sweeps.world import Sent
from tests.tokens.back_end import HELD as SCOPES
from tests.tokens.back_end import JWT_BEARER, KEY, OTHER

KINDS = ("sqlite", "postgresql")
LOUD = ("tests.sweeps.loud",)
HEADERS = (
    *("Authorization", "If-Match", "If-None-Match", "Idempotency-Key", "Content-Type", "Accept"),
    *("Accept-Language", "User-Agent", "Referer", "Origin", "Cookie", "Forwarded", "Traceparent"),
    *("X-Forwarded-For", "X-Forwarded-Proto", "Range", "Expect", "Baggage", REQUEST_ID[7:]),
)


@dataclass(frozen=True)
class WatchedClinic:
    """A clinic on a server that logs everything, and the collected output."""

    database: Database
    server: Serving
    wire: Client
    clinic: Clinic
    world: PlantedWorld
    recorder: AnswerRecorder

    @property
    def api(self) -> Api:
        return self.world.api

    def word(self, place: str) -> str:
        return self.world.planted.word(place)

    def leaks(self) -> dict[str, set[str]]:
        """The words that were found where they must not be, with their places."""
        kept = {"log": self.server.log.read_text(), "metrics": self.api.get("/metrics").text}
        for entry in self.entries():
            for name, member in entry.items():
                part = f"entry's {name}"
                kept[part] = f"{kept.get(part, '')} {member}"
        leaks = {
            part: self.world.planted.found(whole) - ALLOWED.get(part, frozenset())
            for part, whole in kept.items()
        }
        return self.recorder.leaks | {part: places for part, places in leaks.items() if places}

    def entries(self) -> Iterator[dict[str, Any]]:
        path: str | None = "/v1/audit/entries?limit=200"
        while path:
            page = self.api.get(path).json()
            yield from page["items"]
            path = page["next"]


@contextmanager
def watched_clinic(url: str, folder: Path, **environment: str) -> Iterator[WatchedClinic]:
    """Serve a new clinic while the block runs."""
    planted = Planted()
    recorder = AnswerRecorder(planted)
    with (
        closing(Database(url)) as database,
        serving(folder / "log", LOUD, NEEDLEWORK_DATABASE_URL=url, **environment) as server,
        Client(
            base_url=f"http://{HOST}:{server.port}", event_hooks={"response": [recorder.record]}
        ) as wire,
    ):
        clinic = create_clinic(database)
        world = PlantedWorld(Api(wire, clinic.key()), planted)
        yield WatchedClinic(database, server, wire, clinic, world, recorder)


@contextmanager
def migrated(kind: str, folder: Path) -> Iterator[str]:
    """A database that no other test uses."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'needlework.db'}"
        if kind == "postgresql":
            server = stack.enter_context(postgres.server())
            url = stack.enter_context(server.database())
        with closing(Database(url)) as database:
            migrate(database)
        yield url


@pytest.fixture(name="watched", scope="module", params=KINDS)
def served_clinic(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WatchedClinic]:
    folder = tmp_path_factory.mktemp("watched")
    with migrated(request.param, folder) as url, watched_clinic(url, folder) as watched:
        yield watched


class Refusals(Provoker):
    """The requests that fail, except those that need another process."""

    def _one_too_many(self) -> Response:
        return self.sent.by(self.world.api)

    def _too_large(self) -> Response:
        return self.sent.by(self.world.api, content=(self.sent.content or b"").ljust(2**20 + 1))


def test_no_text_of_a_record_appears_elsewhere(watched: WatchedClinic) -> None:
    nobody = Api(watched.wire, watched.clinic.key(()))
    for operation in operations():
        sent = watched.world.request(operation)
        answer = sent.by(watched.api)
        assert answer.is_success, (operation.name, answer.text)
        # A refusal comes before the database or from a rule, so one of each form is enough there.
        if not watched.database.is_sqlite and operation not in ONE_OF_EACH_SHAPE:
            continue
        for _ in Refusals(watched.world, nobody, operation).answers():
            pass
        for _ in in_other_states(watched.world, operation):
            pass
        for spoilt in requests_with_one_word(watched, operation):
            spoilt.by(watched.api)
    leaks = watched.leaks()
    assert leaks == {}
    assert watched.recorder.statuses >= {
        200,
        201,
        304,
        401,
        403,
        404,
        405,
        409,
        412,
        413,
        415,
        422,
        428,
    }
    log = watched.server.log.read_text()
    assert log.count('"event":"request"') > 1_000
    assert not [line for line in log.splitlines() if line[:1] != "{"]


def requests_with_one_word(watched: WatchedClinic, operation: Documented) -> Iterator[Sent]:
    """Requests of an operation with a word in a place where it is not valid."""
    sent = watched.world.request(operation)
    name, joint = operation.name, "&" if "?" in sent.path else "?"
    for parameter in operation.parameters("query"):
        for word in (
            watched.word(f"{name}?{parameter}"),
            cursor([watched.word("a cursor"), sent.path]),
        ):
            yield replace(sent, path=f"{sent.path}{joint}{parameter}={quote(word)}")
    if "limit" in operation.parameters("query"):
        yield replace(sent, path=f"{sent.path}{joint}limit=1")
    yield replace(sent, path=f"{sent.path}{joint}{watched.word(MEMBER)}={watched.word('unknown')}")
    steps = operation.path.split("/")
    for n, step in enumerate(steps):
        if n > 1:
            words = [*steps[:n], watched.word(f"{name}: {step}"), *steps[n + 1 :]]
            path = "/".join(str(uuid7()) if each[:1] == "{" else each for each in words)
            yield replace(sent, path=path)
    if operation in ONE_OF_EACH_SHAPE:
        for header in HEADERS:
            word = watched.word(f"header {header}")
            yield replace(sent, headers=sent.headers | {header: _headed(header, word)})
    yield replace(sent, headers=sent.headers | {"If-None-Match": "*"})
    yield replace(sent, method="DELETE")
    if operation.body_model and operation.method == "POST":
        yield from bodies_with_one_word(watched, sent)


def _headed(header: str, word: str) -> str:
    return f"Bearer {word}" if header == "Authorization" else word


def bodies_with_one_word(watched: WatchedClinic, sent: Sent) -> Iterator[Sent]:
    """The same request with other values in its body, and with broken bodies."""
    body = from_json(sent.content or b"{}")
    for n, place in enumerate(leaves(body)):
        word = watched.word(f"{ID.sub('{id}', sent.path)}: {place}")
        other = (word, [word], word + "x" * 5_000)[n % 3]
        yield replace(sent, content=to_json(replaced(body, place, other)))
    yield replace(sent, content=to_json(body | {watched.word(MEMBER): watched.word("a member")}))
    w = watched.word("a broken body").encode()
    for raw in (b'{"%s' % w, b'{"%s": 1, "%s": 2}' % (w, w), w, b'["%s"]' % w, b'"%s\xff"' % w):
        yield replace(sent, content=raw)
    yield replace(sent, content=b'{"note": "%s\\u0000"}' % w)


def test_no_text_of_a_token_request_appears_elsewhere(watched: WatchedClinic) -> None:
    address = f"{watched.wire.base_url}/oauth/token".replace("//oauth", "/oauth")
    body = {"name": watched.word("a client"), "kind": "backend", "scopes": SCOPES}
    kid = watched.word("a kid")
    jwks = {"keys": [{**key_set(KEY)["keys"][0], "kid": kid}]}
    client = watched.api.create("/v1/clients", **body, jwks=jwks)
    secrets = [watched.api.key]

    def ask(**form: str) -> Response:
        secrets.extend(form.values())
        return watched.wire.post("/oauth/token", data=form)

    def assertion(key: Any = KEY, **other: Any) -> str:
        members = {"jti": watched.word("jti"), "more": watched.word("a claim"), **other}
        return signed(key, claims(client["id"], address, **members), kid=kid)

    known = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER}
    given = ask(**known, client_assertion=assertion())
    assert given.status_code == 200, given.text
    for bad in (
        assertion(OTHER),
        assertion(aud=watched.word("aud")),
        assertion(sub=watched.word("sub")),
        assertion(exp=watched.word("exp")),
        signed(KEY, claims(client["id"], address), kid=watched.word("another kid")),
        watched.word("an assertion"),
    ):
        assert ask(**known, client_assertion=bad).status_code == 401
    for name in ("grant_type", "client_assertion_type", "scope", "client_id", "more"):
        ask(**{**known, "client_assertion": assertion(), name: watched.word(name)})
    device = watched.world.make("/v1/devices")
    enrolment = "urn:needlework:params:oauth:grant-type:enrolment"
    for code in (watched.word("a code"), device["enrolment_code"], device["enrolment_code"]):
        enrolled = ask(grant_type=enrolment, code=code)
        secrets.extend(v for n, v in enrolled.json().items() if n.endswith("_token"))
    for n in (1, -1, 1):
        ask(grant_type="refresh_token", refresh_token=secrets[n] + watched.word("a token"))
    ask(grant_type="refresh_token", refresh_token=secrets[-1])
    for key in (given.json()["access_token"], given.json()["access_token"] + "x"):
        Api(watched.wire, key).get("/v1/patients")
    assert watched.leaks() == {}
    assert watched.recorder.statuses >= {200, 400, 401}
    log = watched.server.log.read_text()
    parts = {part for secret in secrets for part in secret.replace("_", ".").split(".")}
    assert [part for part in parts if len(part) > 40 and part in log] == []


def test_no_text_of_invalid_http_is_logged(watched: WatchedClinic) -> None:
    for raw in (b"%s\r\n\r\n", b"GET / HTTP/1.1\r\n%s\r\n\r\n", b"GET /%s HTTP/9\r\n\r\n"):
        with socket.create_connection((HOST, watched.server.port)) as plug:
            plug.sendall(raw % watched.word("no HTTP").encode())
            plug.settimeout(5)
            plug.recv(1_000)
    assert watched.leaks() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_server_reveals_no_text(kind: str, tmp_path: Path) -> None:
    with (
        migrated(kind, tmp_path) as url,
        watched_clinic(url, tmp_path, NEEDLEWORK_REQUESTS_PER_MINUTE="9") as watched,
    ):
        watched.wire.headers["Connection"] = "close"  # as the server does after a 500
        made = watched.world.make("/v1/patients")
        make_rows_unreadable(watched.database, watched.word("no number"))
        ask_about(watched, made["id"])
        # SQLite gives back any value, and only what uses it fails.
        assert ({500} if kind == "postgresql" else {503}) <= watched.recorder.statuses
        with unanswering(watched.database):
            ask_about(watched, made["id"])
        assert 503 in watched.recorder.statuses
        while 429 not in watched.recorder.statuses:
            watched.api.get(f"/v1/patients?q={watched.word('a parameter')}")
        log = watched.server.log.read_text()
        assert ('"event":"unforeseen"' in log) == (kind == "postgresql")
        assert (watched.recorder.leaks, watched.world.planted.found(log)) == ({}, set())


def ask_about(watched: WatchedClinic, patient_id: str) -> None:
    watched.api.post("/v1/patients", watched.world.example("PatientBody"))
    watched.api.get(f"/v1/patients/{patient_id}")
    watched.api.get(f"/v1/patients?identifier={watched.word('system')}%7C{watched.word('value')}")


def make_rows_unreadable(database: Database, word: str) -> None:
    """Make the driver or the database fail with a message that quotes a value."""
    with database.owning() as db, db.begin():
        if database.is_sqlite:
            db.execute(text("UPDATE patients SET created_at = :word"), {"word": word})
        else:
            db.execute(text("ALTER TABLE patients ALTER family_name TYPE integer USING NULL"))


@contextmanager
def unanswering(database: Database) -> Iterator[None]:
    """Make the database answer with unusable results."""
    with database.writing() as db:
        if database.is_sqlite:
            db.execute(text("DROP TABLE patient_identifiers"))
        else:
            db.execute(text("LOCK TABLE patient_identifiers IN ACCESS EXCLUSIVE MODE"))
            yield
    if database.is_sqlite:
        yield


@pytest.mark.parametrize(
    "model", sorted({o.body_model for o in operations() if o.body_model and not o.patches})
)
def test_every_text_of_a_body_gets_a_word_or_is_a_code(model: str) -> None:
    schemas, planted = document()["components"]["schemas"], Planted()
    planted.filled(schemas[model], schemas[model]["examples"][0] | MORE.get(model, {}), model)
    held = {place for place in texts(schemas[model], model) if place.startswith(tuple(HELD))}
    assert set(planted.places) == set(texts(schemas[model], model)) - held


def texts(schema: dict[str, Any], place: str) -> Iterator[str]:
    """Every place in a schema that takes free text."""
    if schema.get("type") == "string" and not {"enum", "const", "format"} & schema.keys():
        yield place
    if "$ref" in schema:
        yield from texts(document()["components"]["schemas"][schema["$ref"][21:]], place)
    for one in schema.get("anyOf", ()):
        yield from texts(one, place)
    for name, inner in schema.get("properties", {}).items():
        yield from texts(inner, f"{place}/{name}")
    if "items" in schema:
        yield from texts(schema["items"], f"{place}/[]")
