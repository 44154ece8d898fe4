"""Every operation needs a valid token and the one scope that it declares."""

from datetime import timedelta
from functools import partial

import pytest
from pydantic_core import from_json

from app.clients import service as clients
from app.core.values.access import ROLES, Scope
from tests.ground import Api, Clinic
from tests.snapshots import permissions
from tests.sweeps.document import NEED_NO_SCOPE, operations, undocumented
from tests.sweeps.world import PERSONAL, World

# Rights are decided before the database is asked.
pytestmark = pytest.mark.alike

# These give or change a role, and need its rights.
OF_ITS_ROLE = {
    *(f"accounts.{act}" for act in ("create", "update", "reset", "revoke")),
    "sign-ins.end",
}

BAD = (
    "",
    "Bearer",
    "Bearer ",
    "Bearer nobody",
    "Bearer nw_",
    "Bearer nw_0190aaaaaaaa7000800000000000000a_secret",
    "Bearer nw_not-hex_secret",
    "Bearer " + "x" * 4_000,
    "Bearer nw_0190aaaaaaaa7000800000000000000a_\x00",
    "Basic bmVlZGxlOndvcms=",
    "Digest username=x",
    "\u00e4\u00f6\u00fc",
)


def test_a_request_without_a_token_is_401(api: Api) -> None:
    world = World(api)
    let_in = {}
    for operation in operations():
        sent = world.request(operation)
        answer = api.wire.request(
            sent.method, sent.path, headers=sent.headers, content=sent.content
        )
        known = answer.headers.get("www-authenticate", "").startswith("Bearer")
        if answer.status_code != 401 or not known or undocumented(operation, answer):
            let_in[operation.name] = answer.text
    assert let_in == {}


def test_a_request_with_a_bad_token_is_401(api: Api) -> None:
    for bad in (*BAD, f"Bearer {api.key}x", f"Bearer {api.key[:-1]}", f"Basic {api.key}"):
        answer = api("GET", "/v1/patients", headers={"Authorization": bad.encode("latin-1")})
        assert answer.status_code == 401, bad
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_expired_or_revoked_key_is_401(api: Api, clinic: Clinic) -> None:
    op = clinic.operation("clients.create")
    with clinic.database.writing(clinic.id) as db:
        op.begin(db)
        old = clients.add(op, "old", Scope, expires_at=op.at)
        lost = clients.add(op, "lost", Scope)
        clients.revoke(op, lost.client_id)
        later = clients.add(op, "later", Scope, expires_at=op.at + timedelta(hours=1))
        op.finish()
    answers = [Api(api.wire, str(key)).get("/v1/clinic") for key in (old, lost, later)]
    assert [answer.status_code for answer in answers] == [401, 401, 200]


def test_a_key_with_an_unknown_scope_still_works(api: Api, clinic: Clinic) -> None:
    key = clinic.key([Scope.CLINIC_READ, "dreams:read"])  # type: ignore[list-item]
    assert Api(api.wire, key).get("/v1/clinic").status_code == 200
    assert Api(api.wire, key).get("/v1/patients").status_code == 403


def test_the_name_of_the_scheme_may_be_written_in_any_case(api: Api) -> None:
    answer = api.get("/v1/patients", headers={"Authorization": f"bEARER  {api.key}"})
    assert answer.status_code == 200


def test_every_other_scope_together_is_not_enough(api: Api, clinic: Clinic) -> None:
    world = World(api)
    others = {scope: Api(api.wire, clinic.key(set(Scope) - {scope})) for scope in Scope}
    let_in = {}
    for operation in operations():
        if operation.name in NEED_NO_SCOPE:
            continue
        [scope] = operation.scopes
        answer = world.request(operation).by(others[Scope(scope)])
        if answer.status_code != 403 or undocumented(operation, answer):
            let_in[operation.name] = answer.text
    assert let_in == {}


def test_the_declared_scope_alone_is_enough(api: Api, clinic: Clinic) -> None:
    world = World(api)
    alone = {scope: Api(api.wire, clinic.key({scope})) for scope in Scope}
    refused = {}
    for operation in operations():
        if operation.name in NEED_NO_SCOPE:
            continue
        [scope] = operation.scopes
        sent, caller = world.request(operation), alone[Scope(scope)]
        handed_on = from_json(sent.content or b"{}").get("scopes") if operation.creates else None
        if handed_on:  # callers can't pass on scopes that they don't hold
            caller = Api(api.wire, clinic.key({Scope(scope), *map(Scope, handed_on)}))
        if operation.name in OF_ITS_ROLE:  # nor can they give or change such a role
            caller = Api(api.wire, clinic.key({Scope(scope), *ROLES["front-desk"]}))
        if operation.name in PERSONAL:
            caller = api.practitioners({Scope(scope)})
        answer = sent.by(caller)
        if not answer.is_success:
            refused[operation.name] = answer.text
    assert refused == {}


def test_a_token_without_any_scope_may_call_what_needs_none(api: Api, clinic: Clinic) -> None:
    world, nobody = World(api), Api(api.wire, clinic.key(()))
    open_to_it = {
        operation.name
        for operation in operations()
        if world.request(operation).by(nobody).is_success
    }
    assert open_to_it == NEED_NO_SCOPE


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_call_exactly_the_operations_of_the_matrix(
    api: Api, clinic: Clinic, role: str
) -> None:
    world, own = World(api), Api(api.wire, clinic.key(ROLES[role]))
    allowed, wrong = permissions()[role], {}
    for operation in operations():
        caller = api.practitioners(ROLES[role]) if operation.name in PERSONAL else own
        answer = world.request(operation).by(caller)
        as_told = answer.is_success if allowed[operation.name] else answer.status_code == 403
        if not as_told:
            wrong[operation.name] = answer.text
    assert wrong == {}


def test_operations_for_practitioners_only_refuse_programs(api: Api, clinic: Clinic) -> None:
    world, program = World(api), Api(api.wire, clinic.key())
    for operation in operations():
        if operation.name in PERSONAL:
            answer = world.request(operation).by(program)
            assert (answer.status_code, undocumented(operation, answer)) == (403, None)
    tried = api.get("/v1/audit/entries?kind=security&resource=clients").json()["items"]
    assert [(each["operation"], each["reason"]) for each in tried] == [
        (name, "no practitioner") for name in sorted(PERSONAL)
    ]


def test_every_scope_is_used() -> None:
    used = {Scope(scope) for operation in operations() for scope in operation.scopes}
    assert set(Scope) - used == set()


def test_a_refused_write_changes_nothing(api: Api, clinic: Clinic) -> None:
    world = World(api)
    sent = [world.request(operation) for operation in operations() if operation.writes]
    before = world.feed()
    nobody = Api(api.wire, clinic.key(()))
    assert {each.by(nobody).status_code for each in sent} == {403}
    assert world.feed()[:-1] == before  # the last one is the new client's key


def test_an_unknown_address_needs_no_token_to_be_unknown(api: Api) -> None:
    ask = partial(api.wire.get, "/v1/nothing")
    assert ask().status_code == 404
