"""A form that is sent twice has one result, and both answers say the same."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from fastapi import FastAPI

from app.core.values.clock import now
from tests.accounts.people import Person, joined
from tests.ground import Api, Clinic
from tests.web.console import Desk
from tests.web.test_access import code_of, fill, invited
from tests.web.test_alerts import alarmed
from tests.web.test_kept import hidden

HOSTILE = ["x", "0" * 32 + "_" + "x" * 43, "_" * 76, "f" * 32 + "_" + "-" * 43, "\x00"]


def form_ids(desk: Desk, path: str) -> list[str]:
    page = desk.get(path).text
    return re.findall(r'name="form_id" value="([^"]+)"', page)


def test_every_form_has_an_id_of_its_own(desk: Desk) -> None:
    seen = form_ids(desk, "/console/people") + form_ids(desk, "/console/people")
    assert len(set(seen)) == len(seen) >= 2


def test_an_invitation_that_is_sent_twice_is_one(desk: Desk, api: Api) -> None:
    [form_id] = form_ids(desk, "/console/people")
    once, again = (invited(desk, form_id=form_id) for _ in range(2))
    assert (once.status_code, again.status_code) == (200, 200), again.text
    assert code_of(once.text) == code_of(again.text)
    assert len(api.get("/v1/accounts").json()["items"]) == 1
    other = invited(desk, form_id=form_ids(desk, "/console/people")[0], sign_in_name="lee")
    assert code_of(other.text) != code_of(once.text)


def test_an_invitation_that_is_sent_twice_at_once_is_one(desk: Desk, api: Api) -> None:
    [form_id] = form_ids(desk, "/console/people")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: invited(desk, form_id=form_id), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({code_of(answer.text) for answer in answers}) == 1
    assert len(api.get("/v1/accounts").json()["items"]) == 1


def test_the_code_of_a_form_that_was_sent_twice_works_once(
    app: FastAPI, clinic: Clinic, desk: Desk
) -> None:
    [form_id] = form_ids(desk, "/console/people")
    code = [code_of(invited(desk, form_id=form_id).text) for _ in range(2)][1]
    account = {"id": str(UUID(hex=code.split("_")[1])), "sign_in_name": "robin"}
    robin = Person(app, clinic, {**account, "invitation_code": code})
    assert robin.join().status_code == 303
    assert invited(desk, form_id=form_id).status_code == 409
    assert robin.desk.get("/console/account").status_code == 200


def test_somebody_who_is_invited_again_twice_gets_one_code(desk: Desk, api: Api) -> None:
    invited(desk)
    [account] = api.get("/v1/accounts").json()["items"]
    here = f"/console/people/{account['id']}"
    _, form_id = form_ids(desk, here)
    codes = {code_of(fill(desk, f"{here}/reset", here, form_id=form_id).text) for _ in range(2)}
    assert len(codes) == 1
    resets = [
        entry
        for entry in api.get("/v1/audit/entries").json()["items"]
        if entry["operation"] == "accounts.reset"
    ]
    assert len(resets) == 1


def test_a_device_that_is_enrolled_twice_is_one(desk: Desk, api: Api) -> None:
    [form_id] = form_ids(desk, "/console/devices")
    dana = api.practitioner()["id"]
    form = {"name": "Room 2", "practitioner_id": dana, "form_id": form_id}
    codes = {
        code_of(fill(desk, "/console/devices", "/console/devices", **form).text) for _ in range(2)
    }
    assert len(codes) == 1
    [device] = api.get("/v1/devices").json()["items"]
    fill(desk, f"/console/devices/{device['id']}/revoke", "/console/devices")
    assert fill(desk, "/console/devices", "/console/devices", **form).status_code == 409


def test_a_note_that_is_sent_twice_is_one(desk: Desk, api: Api) -> None:
    alert = alarmed(api)
    here = f"/console/alerts/{alert['id']}"
    form = {"patient_id": alert["patient_id"], "note": "Called.", "back": "alert"}
    one, two = form_ids(desk, here)[:2]
    for form_id in (one, one, two):
        answer = fill(desk, f"{here}/notes", here, **form, form_id=form_id)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{here}?said=noted")
    assert len(api.get(f"/v1/alerts/{alert['id']}").json()["notes"]) == 2


def test_an_alert_that_is_acknowledged_twice_says_so_once(desk: Desk, api: Api) -> None:
    alert = alarmed(api)
    here = f"/console/alerts/{alert['id']}"
    form = {"patient_id": alert["patient_id"], "action": "called", "back": "alert"}
    form["form_id"] = form_ids(desk, here)[0]
    for _ in range(2):
        assert fill(desk, f"{here}/acknowledge", here, **form).status_code == 303


def test_a_form_with_another_content_is_another_form(desk: Desk, api: Api) -> None:
    """A person goes back, and uses the form for the next note."""
    alert = alarmed(api)
    here = f"/console/alerts/{alert['id']}"
    form = {"patient_id": alert["patient_id"], "back": "alert", "form_id": form_ids(desk, here)[0]}
    for note in ("Called.", "Called again."):
        assert fill(desk, f"{here}/notes", here, **form, note=note).status_code == 303
    assert len(api.get(f"/v1/alerts/{alert['id']}").json()["notes"]) == 2


@pytest.mark.parametrize("form_id", HOSTILE)
def test_a_form_with_a_made_up_id_makes_nothing(desk: Desk, api: Api, form_id: str) -> None:
    assert invited(desk, form_id=form_id).status_code == 409
    assert api.get("/v1/accounts").json()["items"] == []


def test_a_form_of_yesterday_makes_no_code(desk: Desk, clinic: Clinic) -> None:
    [form_id] = form_ids(desk, "/console/people")
    with time_machine.travel(now() + timedelta(hours=25), tick=True):
        desk.let_in(clinic)
        answer = invited(desk, form_id=form_id)
    assert answer.status_code == 409
    assert "opened too long ago" in answer.text


def test_the_same_form_id_of_two_people_makes_two(
    app: FastAPI, clinic: Clinic, desk: Desk, api: Api
) -> None:
    """Nobody gets the code of somebody else by sending their form again."""
    [form_id] = form_ids(desk, "/console/people")
    lee = joined(app, clinic, api, role="owner", sign_in_name="Lee")
    codes = {
        code_of(invited(desk, form_id=form_id).text),
        code_of(invited(lee.desk, form_id=form_id, sign_in_name="kim").text),
    }
    assert len({code.split("_")[1] for code in codes}) == 2


def test_the_id_of_a_form_is_not_kept_with_what_was_typed(desk: Desk) -> None:
    [form_id] = form_ids(desk, "/console/devices")
    form = {"name": "Room 2", "practitioner_id": "nobody", "form_id": form_id}
    refused = fill(desk, "/console/devices", "/console/devices", **form)
    assert refused.status_code == 422
    assert form_id not in refused.text
    again = desk.send("/console/kept", kept=hidden(refused.text, "kept"))
    assert form_ids(desk, "/console/devices")[0] not in again.text
    assert "Room 2" in again.text


def test_a_form_that_is_shown_again_has_a_new_id(desk: Desk) -> None:
    [form_id] = form_ids(desk, "/console/people")
    refused = invited(desk, form_id=form_id, email="not an address")
    assert refused.status_code == 422
    assert form_id not in refused.text
    assert "not an address" in refused.text
