"""Accounts of people: who may make them, what they may do, and how they end."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.operation import perform
from app.core.values.access import ROLES, Scope
from app.state.compare import differences
from tests.accounts.people import (  # noqa: F401 - the counts are a fixture
    PASSWORD,
    WRONG,
    Person,
    counts_of_wrong_passwords,
    invite,
    joined,
)
from tests.ground import Api, Clinic, create_clinic
from tests.web.console import Desk

EVERYBODY = ("owner", "practitioner", "front-desk", "auditor")


def body_of(api: Api, role: str) -> dict[str, Any]:
    person = {"name": f"A {role}", "sign_in_name": role, "role": role}
    return person | (
        {"practitioner_id": api.practitioner()["id"]} if role == "practitioner" else {}
    )


def refetched(api: Api, person: Person) -> Any:
    return api.get(f"/v1/accounts/{person.id}").json()


def changed(api: Api, person: Person, **change: Any) -> Any:
    version = refetched(api, person)["version"]
    held = {"If-Match": f'"{version}"'}
    return api("PATCH", f"/v1/accounts/{person.id}", json=change, headers=held)


def forget(person: Person) -> None:
    """Let the cached callers of five seconds be over."""
    person.app.state.authenticate._known.clear()  # noqa: SLF001 - in place of waiting


@pytest.mark.parametrize("role", EVERYBODY)
def test_a_person_has_the_rights_of_their_role(
    app: FastAPI, clinic: Clinic, api: Api, role: str
) -> None:
    person = joined(app, clinic, api, **body_of(api, role))
    me = person.api().get("/v1/me").json()
    assert me["scopes"] == sorted(ROLES[role])
    assert (me["client"]["id"], me["client"]["kind"]) == (person.id, "account")
    assert me["account"] == {"role": role, "sign_in_name": role}
    assert me["practitioner_id"] == person.invited["practitioner_id"]


def test_the_entries_of_a_practitioner_name_the_practitioner_and_the_account(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    body = body_of(api, "practitioner")
    person = joined(app, clinic, api, **body)
    person.api().patient(given_name="A")
    change = api.get("/v1/changes?limit=200").json()["items"][-1]
    assert change["actor"] == f"practitioner:{body['practitioner_id']}"
    path = f"/v1/audit/entries?operation=patients.create&resource_id={change['resource_id']}"
    [entry] = api.get(path).json()["items"]
    assert entry["client"] == person.id


def test_the_entries_of_other_staff_name_their_account(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = joined(app, clinic, api)
    person.api().patient(given_name="A")
    change = api.get("/v1/changes?limit=200").json()["items"][-1]
    assert change["actor"] == f"client:{person.id}"


def test_the_report_of_who_saw_a_patient_names_person_and_program(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    patient = api.patient(given_name="A")["id"]
    treating = joined(app, clinic, api, **body_of(api, "practitioner"))
    for own in (joined(app, clinic, api).api(), treating.api(), api, api.practitioners()):
        assert own.get(f"/v1/patients/{patient}").status_code == 200
    listed = api.get(f"/v1/patients/{patient}/disclosures").json()["items"]
    assert [(each["actor_name"], each["client_name"]) for each in reversed(listed)] == [
        ("Robin Example", "Robin Example"),
        ("Dana Demo", "A practitioner"),
        ("test", "test"),
        ("Dana Demo", "Tablet"),
    ]


def test_emergency_access_to_review_names_the_practitioner(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    practitioner = api.practitioner(given_name="Lee", family_name="Demo")["id"]
    owner = joined(
        *(app, clinic, api),
        **{**body_of(api, "owner"), "practitioner_id": practitioner},
    )
    body = {"reason": "A patient collapsed", "minutes": 10}
    assert owner.api().post("/v1/emergency-access", body).status_code == 201
    [shown] = api.get("/v1/emergency-access/review").json()["items"]
    assert shown["practitioner_name"] == "Lee Demo"


def test_only_the_answer_to_an_invitation_shows_its_code(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = invite(app, clinic, api)
    code = person.invited["invitation_code"]
    assert code.startswith("nwi_")
    shown = [refetched(api, person), api.get("/v1/accounts").json()]
    shown += [api.get("/v1/changes?limit=200").json()]
    assert code.split("_", 2)[2] not in str(shown)
    with clinic.database.reading(clinic.id) as db:
        stored = db.exec_driver_sql("SELECT body FROM ledger_entries").all()
    assert code.split("_", 2)[2] not in str(stored)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"role": "integration"}, "/role", "literal_error"),
        ({"role": "practitioner"}, "", "practitioner_missing"),
        (
            {"practitioner_id": "019c8b3a-9c00-7cea-a442-115a08b8dfb3"},
            "",
            "practitioner_forbidden",
        ),
        (
            {"role": "practitioner", "practitioner_id": "019c8b3a-9c00-7cea-a442-115a08b8dfb3"},
            "/practitioner_id",
            "unknown_reference",
        ),
        ({"sign_in_name": "x" * 101}, "/sign_in_name", "string_too_long"),
        ({"sign_in_name": None, "name": "x" * 101}, "/sign_in_name", "string_too_long"),
        ({"sign_in_name": "\ufdfa" * 60}, "/sign_in_name", "string_too_long"),
        ({"sign_in_name": "TAKEN "}, "/sign_in_name", "name_taken"),
        ({"sign_in_name": "t\u0430ken"}, "/sign_in_name", "name_alike"),
        ({"sign_in_name": "\u03a4\u0391\u039a\u0395\u039d"}, "/sign_in_name", "name_alike"),
        ({"email": "nobody"}, "/email", "string_pattern_mismatch"),
    ],
)
def test_an_account_that_nobody_could_use_is_refused(
    app: FastAPI, clinic: Clinic, api: Api, body: dict[str, Any], pointer: str, code: str
) -> None:
    invite(app, clinic, api, sign_in_name="taken")
    whole = {"name": "Robin", "sign_in_name": "robin", "role": "front-desk"} | body
    answer = api.post("/v1/accounts", whole)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


def test_names_that_look_different_and_one_s_own_are_accepted(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    for name in ("Ilan", "Lian", "\u0410\u043d\u043d\u0430", "Anna", "ana", "\u738b"):
        invite(app, clinic, api, sign_in_name=name)
    lee = invite(app, clinic, api, sign_in_name="Lee")
    assert changed(api, lee, sign_in_name="L\u0435\u0435").status_code == 200


def test_the_same_name_may_sign_in_to_two_clinics(app: FastAPI, clinic: Clinic, api: Api) -> None:
    other = create_clinic(clinic.database)
    here = joined(app, clinic, api)
    there = joined(app, other, Api(api.wire, other.key()), name="Somebody else")
    names = [person.api().get("/v1/me").json()["client"]["name"] for person in (here, there)]
    assert names == ["Robin Example", "Somebody else"]


def test_nobody_gives_or_changes_a_role_whose_rights_they_lack(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    held = [*ROLES["front-desk"], Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE]
    lesser = Api(api.wire, clinic.key(held))
    answer = lesser.post("/v1/accounts", {"name": "O", "role": "owner"})
    assert [e["code"] for e in answer.json()["errors"]] == ["not_held"]
    owner = invite(app, clinic, api, **body_of(api, "owner"))
    for act in ("reset", "revoke"):
        assert lesser.post(f"/v1/accounts/{owner.id}/{act}").status_code == 403
    assert changed(lesser, owner, name="X").status_code == 403
    desk = invite(app, clinic, lesser)
    assert changed(lesser, desk, role="auditor").status_code == 422
    assert changed(lesser, desk, name="X").status_code == 200


def test_a_new_role_decides_what_a_person_may_do(app: FastAPI, clinic: Clinic, api: Api) -> None:
    person = joined(app, clinic, api)
    own = person.api()
    assert own.get("/v1/audit/entries").status_code == 403
    assert changed(api, person, role="auditor").status_code == 200
    forget(person)
    assert own.get("/v1/patients").status_code == 403
    assert person.api().get("/v1/audit/entries").status_code == 200


def test_another_practitioner_ends_the_sign_ins(app: FastAPI, clinic: Clinic, api: Api) -> None:
    person = joined(app, clinic, api, **body_of(api, "practitioner"))
    other = api.practitioner(given_name="Other")["id"]
    assert person.desk.get("/console").status_code == 200
    assert changed(api, person, practitioner_id=other).json()["practitioner_id"] == other
    assert person.desk.get("/console").status_code == 401


def test_a_change_needs_the_newest_version(app: FastAPI, clinic: Clinic, api: Api) -> None:
    person = joined(app, clinic, api)
    path = f"/v1/accounts/{person.id}"
    assert api("PATCH", path, json={"name": "N"}).status_code == 428
    stale = api("PATCH", path, json={"name": "N"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert changed(api, person, nothing="x").status_code == 422


def test_inviting_again_ends_the_password_and_every_sign_in(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = joined(app, clinic, api)
    own = person.api()
    again = api.post(f"/v1/accounts/{person.id}/reset").json()
    forget(person)
    assert own.get("/v1/me").status_code == 401
    assert person.desk.get("/console").status_code == 401
    assert person.sign_in().status_code == 403
    assert person.join().status_code == 403
    assert person.join(WRONG + "!", again["invitation_code"]).status_code == 303
    assert person.sign_in(WRONG + "!").status_code == 303


def test_a_revoked_account_is_out_at_once_and_frees_its_name(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = joined(app, clinic, api)
    own = person.api()
    answer = api.post(f"/v1/accounts/{person.id}/revoke")
    assert answer.json()["revoked_at"]
    forget(person)
    assert own.get("/v1/me").status_code == 401
    assert person.desk.get("/console").status_code == 401
    assert person.sign_in().status_code == 403
    assert api.post(f"/v1/accounts/{person.id}/revoke").json() == answer.json()
    assert api.post(f"/v1/accounts/{person.id}/reset").status_code == 409
    assert changed(api, person, name="N").status_code == 409
    assert joined(app, clinic, api).id != person.id


def test_a_clinic_keeps_an_owner_who_can_sign_in(app: FastAPI, clinic: Clinic, api: Api) -> None:
    first = joined(app, clinic, api, **body_of(api, "owner"))
    second = invite(app, clinic, api, name="Next", sign_in_name="next", role="owner")
    for answer in (
        api.post(f"/v1/accounts/{first.id}/revoke"),
        changed(api, first, role="front-desk"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/last-owner")
    assert second.join().status_code == 303
    assert changed(api, first, role="front-desk").status_code == 200


def test_an_owner_whom_the_first_one_made_can_not_be_the_only_one_left(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    """They would end with the first one. Inviting them again from elsewhere makes them last."""
    first = joined(app, clinic, api, **body_of(api, "owner"))
    second = joined(app, clinic, first.api(), name="Next", sign_in_name="next", role="owner")
    refused = api.post(f"/v1/accounts/{first.id}/revoke")
    assert refused.status_code == 409
    assert "their accounts depend on this one" in refused.json()["detail"]
    page = first.desk.send(f"/console/people/{first.id}/end", practitioner="stays")
    assert (page.status_code, "owner set, with another --name" in page.text) == (409, True)
    again = api.post(f"/v1/accounts/{second.id}/reset").json()
    assert second.join(PASSWORD, again["invitation_code"]).status_code == 303
    assert api.post(f"/v1/accounts/{first.id}/revoke").status_code == 200
    assert second.desk.get("/console").status_code == 200


def test_an_account_ends_with_its_maker_and_survives_their_new_password(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    owner = joined(app, clinic, api, **body_of(api, "owner"))
    person = joined(app, clinic, owner.api())
    form = {"present": PASSWORD, "password": WRONG + "!", "again": WRONG + "!"}
    assert owner.desk.send("/console/account/password", None, **form).status_code == 303
    assert person.desk.get("/console").status_code == 200
    joined(app, clinic, api, name="Next", sign_in_name="next", role="owner")
    assert api.post(f"/v1/accounts/{owner.id}/revoke").status_code == 200
    assert person.desk.get("/console").status_code == 401
    assert person.sign_in().status_code == 403


def test_an_account_ends_with_its_practitioner(app: FastAPI, clinic: Clinic, api: Api) -> None:
    person = joined(app, clinic, api, **body_of(api, "practitioner"))
    practitioner = api.get(f"/v1/practitioners/{person.invited['practitioner_id']}").json()
    ended = api.change(practitioner, "/v1/practitioners", status="inactive")["ended"]
    assert ended["accounts"] == [person.id]
    assert person.desk.get("/console").status_code == 401
    assert person.sign_in().status_code == 403
    assert refetched(api, person)["revoked_at"]


def test_staff_whom_a_leaving_owner_made_work_again_once_somebody_invites_them(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    practitioner = api.practitioner()
    owner = joined(
        *(app, clinic, api),
        name="O",
        sign_in_name="o",
        role="owner",
        practitioner_id=practitioner["id"],
    )
    person = joined(app, clinic, owner.api())
    api.change(practitioner, "/v1/practitioners", status="inactive")
    assert person.desk.get("/console").status_code == 401
    assert refetched(api, person)["revoked_at"] is None
    again = api.post(f"/v1/accounts/{person.id}/reset").json()
    assert person.join(PASSWORD, again["invitation_code"]).status_code == 303
    assert person.desk.get("/console").status_code == 200


def test_sign_ins_are_listed_and_ended(app: FastAPI, clinic: Clinic, api: Api) -> None:
    person, other = joined(app, clinic, api), Desk(app)
    assert person.sign_in(desk=other).status_code == 303
    path = f"/v1/accounts/{person.id}/sign-ins"
    listed = api.get(path).json()["items"]
    assert [each["account_id"] for each in listed] == [person.id] * 2
    left = api.post(f"{path}/end?sign_in_id={listed[0]['id']}").json()["items"]
    assert left == listed[1:]
    statuses = [desk.get("/console").status_code for desk in (person.desk, other)]
    assert sorted(statuses) == [200, 401]
    assert api.post(f"{path}/end?sign_in_id={listed[0]['id']}").status_code == 404
    assert api.post(f"{path}/end").json()["items"] == []
    assert [desk.get("/console").status_code for desk in (person.desk, other)] == [401, 401]


def test_every_account_is_what_the_ledger_states(app: FastAPI, clinic: Clinic, api: Api) -> None:
    person = joined(app, clinic, api)
    changed(api, person, name="N", sign_in_name="n", email="n@clinic.example")
    api.post(f"/v1/accounts/{person.id}/reset")
    api.post(f"/v1/accounts/{person.id}/revoke")
    joined(app, clinic, api, **body_of(api, "practitioner"))
    op = clinic.operation()
    assert perform(clinic.database, op, lambda: list(differences(op))) == []


@pytest.mark.parametrize(
    "forged",
    ["role = 'owner'", "made_by = NULL"],
)
def test_a_forged_right_is_found(app: FastAPI, clinic: Clinic, api: Api, forged: str) -> None:
    owner = joined(app, clinic, api, **body_of(api, "owner"))
    person = joined(app, clinic, owner.api())
    with clinic.database.writing(clinic.id) as db:
        db.exec_driver_sql(f"UPDATE clients SET {forged} WHERE name = 'Robin Example'")  # noqa: S608 - our own words
    op = clinic.operation()
    found = perform(clinic.database, op, lambda: list(differences(op)))
    assert {str(each.resource_id) for each in found} == {person.id}
    assert changed(api, person, name="N").status_code == 409
