"""The API keeps an owner who can sign in, and revokes nothing that the caller may not revoke."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Response

from app.core.values.access import ROLES, Scope
from tests.accounts.people import (  # noqa: F401 - the counts are a fixture
    Person,
    counts_of_wrong_passwords,
    joined,
)
from tests.ground import ENROLMENT, Api, Clinic
from tests.web.console import Desk

ENDING = [Scope.CLIENTS_WRITE, Scope.CLIENTS_READ]


def owner(app: FastAPI, clinic: Clinic, api: Api, name: str = "A", **body: Any) -> Person:
    return joined(app, clinic, api, name=name, sign_in_name=name, role="owner", **body)


def key_of(api: Api, **body: Any) -> tuple[str, Api]:
    """A key with an owner's rights, or others: its id, and the client."""
    made = api.create("/v1/clients", **{"name": "K", "scopes": sorted(ROLES["owner"])} | body)
    return made["id"], Api(api.wire, made["api_key"])


def is_refused(answer: Response) -> bool:
    assert answer.status_code in {200, 409}, answer.text
    return answer.status_code == 409 and bool(answer.json()["type"] == "/problems/last-owner")


def test_the_last_owner_can_not_be_reset(app: FastAPI, clinic: Clinic, api: Api) -> None:
    """They would be an invitation, which could be revoked next."""
    last = owner(app, clinic, api)
    assert is_refused(api.post(f"/v1/accounts/{last.id}/reset"))
    assert last.desk.get("/console").status_code == 200
    owner(app, clinic, api, "B")
    assert not is_refused(api.post(f"/v1/accounts/{last.id}/reset"))


def test_an_owner_whose_maker_was_revoked_is_not_left(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    first = owner(app, clinic, api)
    id, key = key_of(api)
    owner(app, clinic, key, "B")
    assert not is_refused(api.post(f"/v1/clients/{id}/revoke"))
    assert is_refused(api.post(f"/v1/accounts/{first.id}/revoke"))


@pytest.mark.parametrize("query", ["", "?descendants=true"])
def test_a_key_that_the_last_owner_needs_stays(
    app: FastAPI, clinic: Clinic, api: Api, query: str
) -> None:
    first = owner(app, clinic, api)
    id, key = key_of(api)
    owner(app, clinic, key, "B")
    assert not is_refused(api.post(f"/v1/accounts/{first.id}/revoke"))
    assert is_refused(api.post(f"/v1/clients/{id}/revoke{query}"))
    assert key.get("/v1/clinic").status_code == 200
    owner(app, clinic, api, "C")
    assert not is_refused(api.post(f"/v1/clients/{id}/revoke{query}"))


def test_an_owner_loses_no_role_if_the_other_owner_has_rights_only_through_them(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    first = owner(app, clinic, api)
    owner(app, clinic, first.api(), "B")
    version = api.get(f"/v1/accounts/{first.id}").json()["version"]
    held = {"If-Match": f'"{version}"'}
    body = {"role": "front-desk"}
    assert is_refused(api("PATCH", f"/v1/accounts/{first.id}", json=body, headers=held))


def test_a_device_that_the_last_owner_needs_stays_and_a_stolen_one_ends(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    scopes = sorted(ROLES["owner"])
    body = {"name": "T", "practitioner_id": api.practitioner()["id"], "scopes": scopes}
    made = api.create("/v1/devices", **body)
    form = {"grant_type": ENROLMENT, "code": made["enrolment_code"]}
    tokens = api.wire.post("/oauth/token", data=form).json()
    tablet = Api(api.wire, tokens["access_token"])
    last = owner(app, clinic, tablet)
    assert is_refused(api.post(f"/v1/devices/{made['id']}/revoke"))
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    with clinic.database.writing(clinic.id) as db:  # as if it had been used long ago
        db.exec_driver_sql("UPDATE refresh_tokens SET used_at = '2020-01-01 00:00:00'")
    assert api.wire.post("/oauth/token", data=form).status_code == 400
    assert api.get(f"/v1/devices/{made['id']}").json()["revoked_at"]
    assert last.sign_in().status_code == 403


def test_a_practitioner_who_is_the_last_owner_can_leave_and_the_answer_says_so(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    first, other = api.practitioner(), api.practitioner(given_name="Other")
    owner(app, clinic, api, practitioner_id=first["id"])
    owner(app, clinic, api, "B", practitioner_id=other["id"])
    ended = api.change(first, "/v1/practitioners", status="inactive")["ended"]
    assert (len(ended["accounts"]), ended["notice"]) == (1, None)
    ended = api.change(other, "/v1/practitioners", status="inactive")["ended"]
    assert len(ended["accounts"]) == 1
    assert "Nobody can sign in as an owner" in ended["notice"]


def test_a_clinic_without_owners_can_revoke_every_key(api: Api) -> None:
    id, key = key_of(api)
    assert key.post(f"/v1/clients/{id}/revoke").status_code == 200


def test_descendants_that_the_caller_may_not_revoke_are_named_and_nothing_is_revoked(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    owner(app, clinic, api)
    id, key = key_of(api)
    made = owner(app, clinic, key, "B")
    lesser = Api(api.wire, clinic.key(ENDING))
    answer = lesser.post(f"/v1/clients/{id}/revoke?descendants=true")
    assert answer.status_code == 403
    assert made.id in answer.json()["detail"]
    assert made.desk.get("/console").status_code == 200
    alone = lesser.post(f"/v1/clients/{id}/revoke").json()
    assert [each["revoked_at"] for each in alone["descendants"]] == [None]
    assert made.desk.get("/console").status_code == 401
    assert api.post(f"/v1/clients/{id}/revoke?descendants=true").status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("device", 403), ("api_key", 200)])
def test_each_descendant_needs_the_scope_that_revokes_it(
    clinic: Clinic, api: Api, kind: str, status: int
) -> None:
    id, key = key_of(api)
    if kind == "device":
        practitioner = api.practitioner()["id"]
        body = {"name": "T", "practitioner_id": practitioner, "scopes": ["patients:read"]}
        key.create("/v1/devices", **body)
    else:
        key_of(key)
    lesser = Api(api.wire, clinic.key(ENDING))
    path = f"/v1/clients/{id}/revoke?descendants=true"
    assert lesser.post(path).status_code == status


def test_nobody_signs_out_an_account_whose_rights_they_lack(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = owner(app, clinic, api)
    held = [*ROLES["front-desk"], Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE]
    lesser = Api(api.wire, clinic.key(held))
    path = f"/v1/accounts/{person.id}/sign-ins"
    [one] = lesser.get(path).json()["items"]
    assert lesser.post(f"{path}/end").status_code == 403
    assert lesser.post(f"{path}/end?sign_in_id={UUID(one['id'])}").status_code == 403
    assert person.desk.send("/console/account/end-sign-ins", sign_in="").status_code == 303
    assert api.post(f"{path}/end").status_code == 200


def test_the_console_signs_out_no_account_whose_rights_the_caller_lacks(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = owner(app, clinic, api)
    held = [*ROLES["front-desk"], Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE]
    desk = Desk(app).let_in(clinic, held)
    [one] = api.get(f"/v1/accounts/{person.id}/sign-ins").json()["items"]
    form = {"on_page": "/console/sign-ins", "written_by": desk.client_id}
    assert desk.send(f"/console/sign-ins/{one['id']}/end", None, **form).status_code == 403
    assert person.desk.get("/console").status_code == 200


def test_two_owners_who_reset_each_other_at_once_do_not_become_each_others_makers(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    owner(app, clinic, api, "C")
    pair = [owner(app, clinic, api, name) for name in "AB"]
    calls = [(one.api(), other.id) for one, other in (pair, pair[::-1])]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda call: call[0].post(f"/v1/accounts/{call[1]}/reset"), calls))
    makers = [api.get(f"/v1/accounts/{person.id}").json()["made_by"] for person in pair]
    assert makers != [person.id for person in pair[::-1]]
