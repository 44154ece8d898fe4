"""The OWASP API Security Top 10 of 2023, risk by risk, against the running application."""

import re
import socket
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from pydantic_core import from_json, to_json
from starlette.routing import BaseRoute

from app.core.http import deadline
from app.core.http.rates import Rates
from app.core.values.access import Scope
from app.core.values.problems import Unavailable
from app.transfer.routes import FILE_MAX_BYTES
from tests.devices.test_devices import Tablet
from tests.ground import ENROLMENT, Api, Clinic
from tests.publishing import loopback_let_in, publishing
from tests.signing import public, signed
from tests.sweeps.document import document, operations
from tests.sweeps.test_tenancy import seen
from tests.sweeps.world import World
from tests.tokens.back_end import KEY, RSA, BackEnd, refusal

NOBODYS = "0190aaaa-aaaa-7000-8000-00000000000a"
# Routes that are not in the OpenAPI document, and why each of them exists.
UNLISTED = {
    "/docs": "the document, to read",
    "/docs/{name}": "the files of that page",
    "/openapi.json": "the document",
    "/problems/{code}": "where a problem's type leads",
    "/healthz": "for the operator",
    "/readyz": "for the operator",
    "/metrics": "for the operator",
    "/": "leads people to the console",
    "/console": "for people, with the scopes and the entries of the API",
    "/console/search": "likewise",
    "/console/patients/{patient_id}": "likewise",
    "/console/patients/{patient_id}/timeline": "likewise",
    "/console/patients/{patient_id}/everything.zip": "everything about one patient, as a file",
    "/console/patients/{patient_id}/details": "who a patient is, and how to reach them",
    "/console/alerts": "likewise",
    "/console/alerts/{alert_id}": "likewise",
    "/console/alerts/{alert_id}/acknowledge": "likewise",
    "/console/alerts/{alert_id}/notes": "likewise",
    "/console/patients/{patient_id}/chart-summary": "likewise",
    "/console/patients/{patient_id}/letter": "likewise",
    "/console/exports": "likewise",
    "/console/exports/{dataset}.{format}": "likewise",
    "/console/lots": "likewise",
    "/console/people": "likewise",
    "/console/people/link": "likewise",
    "/console/people/{id}": "likewise",
    "/console/people/{id}/reset": "likewise",
    "/console/people/{id}/end": "likewise",
    "/console/people/{id}/unlink": "likewise",
    "/console/practitioners": "likewise",
    "/console/practitioners/new": "likewise",
    "/console/practitioners/{id}/edit": "likewise",
    "/console/devices": "likewise",
    "/console/devices/{id}/revoke": "likewise",
    "/console/keys": "likewise",
    "/console/keys/{id}/revoke": "likewise",
    "/console/sign-ins": "likewise",
    "/console/sign-ins/{id}/end": "likewise",
    "/console/follow-ups": "who is asked after a visit, and who is due a call",
    "/console/follow-ups/{id}": "likewise",
    "/console/follow-ups/{id}/send": "likewise",
    "/console/follow-ups/{id}/cancel": "likewise",
    "/console/follow-ups/{id}/phoned": "what a patient says on the telephone",
    "/console/sessions/{id}/phoned": "likewise, about a visit that no message asks about",
    "/console/patients/{patient_id}/messages": "consents to messages",
    "/console/patients/{patient_id}/messages/stop": "likewise",
    "/console/patients/new": "writes records, by the rules of the API",
    "/console/patients/{patient_id}/edit": "likewise",
    "/console/patients/{patient_id}/episodes/new": "likewise",
    "/console/episodes/{id}/edit": "likewise",
    "/console/patients/{patient_id}/sessions/new": "likewise",
    "/console/patients/{patient_id}/sessions/repeat": "likewise",
    "/console/patients/{patient_id}/sessions/another": "likewise",
    "/console/sessions/{id}/edit": "likewise",
    "/console/sessions/{id}/sign": "likewise",
    "/console/sessions/{id}/amend": "likewise",
    "/console/sessions/{id}/void": "likewise",
    "/console/sessions/{id}/screenings/new": "likewise",
    "/console/patients/{patient_id}/screenings/new": "likewise",
    "/console/patients/{patient_id}/consents/new": "likewise",
    "/console/patients/{patient_id}/adverse-events/new": "likewise",
    "/console/patients/{patient_id}/measurements/new": "likewise",
    "/console/sessions/{id}/adverse-events/new": "likewise",
    "/console/sessions/{id}/measurements/new": "likewise",
    "/console/consents/{id}/edit": "corrects records, by the rules of the API",
    "/console/screenings/{id}/edit": "likewise",
    "/console/adverse-events/{id}/edit": "likewise",
    "/console/measurements/{id}/edit": "likewise",
    "/console/sessions/{id}": "one session whole, as a page",
    "/console/patients/{patient_id}/looked": "who looked at a chart",
    "/console/clinic": "the clinic's settings",
    "/console/clinic/recipients/new": "likewise",
    "/console/clinic/recipients/{id}/edit": "likewise",
    "/console/clinic/recipients/remove": "likewise",
    "/console/account": "a person's own account",
    "/console/account/password": "likewise",
    "/console/account/second-factor": "likewise",
    "/console/account/end-sign-ins": "likewise",
    "/console/join": "lets somebody in who was invited",
    "/console/sign-in": "lets a browser in",
    "/console/sign-in/{clinic_id}": "likewise, in one of several clinics",
    "/console/sign-in/another": "likewise",
    "/console/sign-out": "lets it out",
    "/console/kept": "opens a form again with what was typed",
    "/console/oidc": "leads a browser to the identity provider",
    "/console/oidc/callback": "lets it in when it comes back",
    "/console/{name}": "what the console looks like",
    "/r/{token}": "the page of a patient's link",
    "/r/{token}/stop": "stops the messages to a patient",
    "/r/{token}.json": "the same link, for apps",
}


def test_api1_broken_object_level_authorization(api: Api, other_api: Api) -> None:
    theirs = other_api.session()
    tag = {"If-Match": '"1"'}
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("GET", "/versions/1", None),
        ("GET", "/follow-ups", None),
        ("POST", "/sign", None),
        ("POST", "/void", {"reason": "r"}),
        ("PATCH", "", {"note": "x"}),
    ]
    for method, step, body in asked:
        stolen, unknown = (
            api(method, f"/v1/sessions/{id_}{step}", json=body, headers=tag)
            for id_ in (theirs["id"], NOBODYS)
        )
        assert stolen.status_code == 404
        assert seen(stolen) == seen(unknown)
    assert other_api.get(f"/v1/sessions/{theirs['id']}").json() == theirs


def test_api2_broken_authentication(api: Api) -> None:
    """Each secret works only for its own purpose."""
    tablet = Tablet(api)
    given = tablet.let_in()
    code = Tablet(api).made["enrolment_code"]
    secrets = {
        "key": api.key,
        "access token": given["access_token"],
        "refresh token": given["refresh_token"],
        "code": code,
    }
    opened = set()
    for name, secret in secrets.items():
        if Api(api.wire, secret).get("/v1/patients").status_code == 200:
            opened.add((name, "bearer"))
        if tablet.refresh(secret).status_code == 200:
            opened.add((name, "refresh"))
        if tablet.ask(ENROLMENT, code=secret).status_code == 200:
            opened.add((name, "enrolment"))
    assert opened == {
        ("key", "bearer"),
        ("access token", "bearer"),
        ("refresh token", "refresh"),
        ("code", "enrolment"),
    }


def test_api3_broken_object_property_level_authorization(api: Api) -> None:
    """A client can't set the server's members, and can't read secrets."""
    world = World(api)
    schemas = document()["components"]["schemas"]
    own = {
        "version": 9,
        "created_at": "2020-01-01T00:00:00Z",
        "clinic_id": NOBODYS,
        "signed_at": "2020-01-01T00:00:00Z",
        "signed_by": NOBODYS,
        "secret_digest": "x",
    }
    taken = []
    for operation in operations():
        if operation.body_model is None or not operation.creates:
            continue
        known = schemas[operation.body_model]["properties"]
        for name in own.keys() - known.keys():
            sent = world.request(operation)
            whole = {**from_json(sent.content or b""), name: own[name]}
            answer = sent.by(api, content=to_json(whole))
            if answer.status_code != 422:
                taken.append((operation.name, name))
    assert taken == []
    BackEnd(api, jwks={"keys": [public(RSA)]})
    Tablet(api)
    shown = "".join(api.get(f"/v1/{room}?limit=200").text for room in ("clients", "devices"))
    assert not re.search(r'secret|digest|"d"|api_key":|_code"', shown)


def test_api4_unrestricted_resource_consumption(api: Api, app: FastAPI) -> None:
    needling = {"muscle": "infraspinatus", "side": "left"}
    deep = b'{"note": ' + b"[" * 300 + b"]" * 300 + b"}"
    json, ndjson = {"Content-Type": "application/json"}, {"Content-Type": "application/x-ndjson"}
    for answer, status in (
        (api.get("/v1/patients?limit=201"), 422),
        (api.get("/v1/patients?cursor=" + "A" * 501), 422),
        (api.post("/v1/sessions", {"needlings": [needling] * 61}), 422),
        (api.post("/v1/patients", {"given_name": "x" * 201}), 422),
        (api("POST", "/v1/patients", content=deep, headers=json), 422),
        (api("POST", "/v1/patients", content=b" " * (2**20 + 1), headers=json), 413),
        (
            api(
                "POST",
                "/v1/imports",
                content=b"{}",
                headers={**ndjson, "Content-Length": str(FILE_MAX_BYTES + 1)},
            ),
            413,
        ),
    ):
        assert answer.status_code == status
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadline, "REQUEST_MAX_S", 0.01)
        with pytest.raises(Unavailable):
            anyio.run(_forever)
    rates, app.state.rates = app.state.rates, Rates(3)
    try:
        asked = {api.get("/v1/clinic").status_code for _ in range(8)}
    finally:
        app.state.rates = rates
    assert asked == {200, 429}


async def _forever() -> None:
    async with deadline.deadline():
        await anyio.sleep_forever()


def test_api5_broken_function_level_authorization(api: Api, clinic: Clinic) -> None:
    """A client with every read scope changes nothing, and can't give itself more scopes."""
    world = World(api)
    reader = Api(api.wire, clinic.key(s for s in Scope if s.endswith(":read")))
    let_in = [
        operation.name
        for operation in operations()
        if operation.writes and world.request(operation).by(reader).status_code != 403
    ]
    assert let_in == []
    clerk = Api(api.wire, clinic.key([Scope.CLIENTS_WRITE]))
    more = {"name": "x", "scopes": ["clients:write", "patients:read"]}
    [error] = clerk.post("/v1/clients", more).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/scopes/1", "not_held")


def test_api6_unrestricted_access_to_sensitive_business_flows(api: Api) -> None:
    """No route skips a step: a signed session was ready to sign, and stays as it was signed."""
    draft = api.session(needle_count=None)
    path = f"/v1/sessions/{draft['id']}"
    amendment = {"reason": "r", "kind": "correction", "changes": {"note": "x"}}

    def done(step: str, body: Any = None, version: int = 1) -> int:
        return api.post(f"{path}{step}", body, headers={"If-Match": f'"{version}"'}).status_code

    assert done("/amend", amendment) == 409
    assert done("/sign") == 422
    row = {"type": "session", "status": "signed", "id": draft["id"], "note": "x"}
    imported = api(
        "POST",
        "/v1/imports",
        content=to_json(row),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert imported.json()["rejected"] == 1
    assert api.get(path).json() == draft
    counted = {"needle_count": {"opened": 1, "inserted": 1, "removed": 1, "disposed": 1}}
    changed = api("PATCH", path, json=counted, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert done("/sign", version=2) == 200
    kept = api.get(path).json()
    assert done("/sign", version=3) == 409
    late = api("PATCH", path, json={"note": "x"}, headers={"If-Match": '"3"'})
    assert late.status_code == 409
    assert api.get(path).json() == kept


BAD: tuple[Any, ...] = (None, 7, [], "", "%", "A")
HOSTS = (
    *("127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0", "[::1]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[fe80::1]", "169.254.169.254"),
    *(
        "a@127.0.0.1",
        "example.org@127.0.0.1",
        "127.0.0.1.",
        "localhost.",
        "\u2460\u2461\u2466.0.0.1",
    ),
)


def test_api7_server_side_request_forgery(api: Api) -> None:
    """The server sends no request to its own machine, in any spelling or by a redirect."""
    with socket.create_server(("127.0.0.1", 0)) as near:
        near.setblocking(False)  # noqa: FBT003 - its only parameter
        port = near.getsockname()[1]
        urls = [f"{scheme}://{host}:{port}/keys" for host in HOSTS for scheme in ("http", "https")]
        for url in (*urls, "file:///etc/passwd", f"gopher://127.0.0.1:{port}/", "//127.0.0.1/"):
            body = {"name": "x", "kind": "backend", "scopes": ["patients:read"], "jwks_url": url}
            made = api.post("/v1/clients", body)
            assert made.status_code in {201, 422}
            if made.status_code == 201:
                emr = BackEnd(api, jwks=None, jwks_url=url)
                assert refusal(emr.ask(emr.assertion())) == (401, "invalid_client")
        with pytest.raises(BlockingIOError):
            near.accept()
    with publishing() as near_by, loopback_let_in():
        near_by.pages["/keys"] = {"keys": [public(KEY)]}
        emr = BackEnd(api, jwks=None, jwks_url=f"{near_by.url}/elsewhere")
        assert refusal(emr.ask(emr.assertion())) == (401, "invalid_client")
        assert near_by.asked == ["/elsewhere"]


def test_api8_security_misconfiguration(api: Api) -> None:
    stranger = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for path in ("/v1/patients", "/v1/nothing", "/docs", "/openapi.json", "/oauth/token", "/"):
        for method in ("GET", "OPTIONS", "TRACE"):
            answer = api(method, path, headers=stranger)
            names = set(answer.headers)
            assert not {name for name in names if name.startswith("access-control-")}
            assert not names & {"server", "x-powered-by", "set-cookie"}
            assert {"content-security-policy", "x-content-type-options"} <= names
            assert method == "GET" or answer.status_code in {404, 405}
    assert api.get("/v1/patients").headers["cache-control"] == "no-store"
    for path in ("/docs/../settings.py", "/docs/%2e%2e%2fmain.py", "/.env", "/debug", "/admin"):
        assert api.get(path).status_code == 404


def test_api9_improper_inventory_management(app: FastAPI) -> None:
    """The served routes and methods are the documented ones."""
    paths = document()["paths"]
    listed = {(path, method.upper()) for path, item in paths.items() for method in item}
    served = {
        (path, method)
        for route in app.routes
        for path in [_path(route)]
        for method in getattr(route, "methods", ()) or ()
        if method != "HEAD" and path not in UNLISTED
    }
    assert served == listed
    assert {_path(route) for route in app.routes} >= UNLISTED.keys()


def _path(route: BaseRoute) -> str:
    """The path as the document writes it, without the types of parameters."""
    return re.sub(r":\w+\}", "}", str(getattr(route, "path", "")))


def test_api10_unsafe_consumption_of_apis(api: Api) -> None:
    """Bad content at a key address authenticates nobody, and causes no failure."""
    good = public(KEY)
    secret = {"kty": "oct", "k": "AAAA", "kid": "a", "alg": "ES384"}
    pages: list[Any] = [
        *(None, b"", b"<html>", b"{", b"[" * 60_000, b'{"keys": NaN}', b" " * 70_000, 7, "keys"),
        *({"keys": None}, {"keys": {"a": good}}, {"keys": [[good]]}, {"keys": [secret]}),
        *({"keys": [{**good, name: bad}]} for name in good for bad in BAD),
        {"keys": [{**public(RSA), "kid": "a", "n": "A" * 60_000}]},
    ]
    with publishing() as other, loopback_let_in():
        for n, page in enumerate([*pages, {"keys": [secret, good]}]):
            other.pages[f"/{n}"] = page
            emr = BackEnd(api, jwks=None, jwks_url=f"{other.url}/{n}")
            answer = emr.ask(signed(KEY, emr.claims()))
            if n == len(pages):
                assert answer.status_code == 200
            else:
                assert refusal(answer) == (401, "invalid_client"), page
    assert len(other.asked) == len(pages) + 1
