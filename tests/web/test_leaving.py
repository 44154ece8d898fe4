"""A person leaves: what ends with their account, and what goes on."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI

from app.core.values.access import Scope
from app.core.values.clock import now
from app.practitioners.service import end_departed
from tests.ground import ENROLMENT, Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_access import code_of, fill


class Leaver:
    """A practitioner with an account, and a tablet that an owner enrolled for them."""

    def __init__(self, desk: Desk, api: Api) -> None:
        self.desk, self.api = desk, api
        self.id = api.practitioner(given_name="Luc", family_name="Berger")["id"]
        body = {"name": "Luc", "sign_in_name": "luc", "role": "practitioner"}
        self.account = api.create("/v1/accounts", **body, practitioner_id=self.id)["id"]
        form = {"name": "Tablet, room 3", "practitioner_id": self.id}
        code = code_of(fill(desk, "/console/devices", "/console/devices", **form).text)
        answer = api.wire.post("/oauth/token", data={"grant_type": ENROLMENT, "code": code})
        self.tablet = Api(api.wire, answer.json()["access_token"])
        self.page = f"/console/people/{self.account}/end"

    def end(self, **form: str) -> int:
        return fill(self.desk, self.page, self.page, **form).status_code

    def stored(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/v1/practitioners/{self.id}").json()
        return found

    def has_account(self) -> bool:
        ended = self.api.get(f"/v1/accounts/{self.account}").json()["revoked_at"]
        return ended is None

    def has_tablet(self) -> bool:
        return self.tablet.get("/v1/patients").status_code == 200


@pytest.fixture(name="leaver")
def a_practitioner_with_a_tablet(desk: Desk, api: Api) -> Leaver:
    return Leaver(desk, api)


def test_who_leaves_today_has_no_tablet_any_more_and_is_named_by_visits_of_today_only(
    leaver: Leaver, api: Api, clinic: Clinic
) -> None:
    page = leaver.desk.get(leaver.page).text
    assert "act for Luc Berger as well: Tablet, room 3 (tablet)" in words(page)
    assert '<option value="leaves" dir="auto" selected>' in page
    today = str(now().date())
    assert f'value="{today}"' in page
    assert leaver.end(practitioner="leaves", last_day=today) == 303
    assert not leaver.has_account()
    assert not leaver.has_tablet()
    assert leaver.stored()["inactive_from"] == str(now().date() + timedelta(days=1))
    visit = {"patient_id": api.patient()["id"], "practitioner_id": leaver.id}
    api.session(**visit, occurred_at=now().isoformat())
    with time_machine.travel(now() + timedelta(days=1), tick=True):
        late = {**visit, "occurred_at": now().isoformat(), "attendance": "attended"}
        assert api.post("/v1/sessions", late).status_code == 422
        leaver.desk.let_in(clinic)
        form = f"/console/patients/{visit['patient_id']}/sessions/new"
        assert "Luc Berger" not in leaver.desk.get(form).text


def test_with_a_last_day_to_come_everything_goes_on_until_then(
    leaver: Leaver, clinic: Clinic
) -> None:
    last_day = now().date() + timedelta(days=10)
    assert leaver.end(practitioner="leaves", last_day=str(last_day)) == 303
    assert leaver.has_account()
    assert leaver.has_tablet()
    listed = words(leaver.desk.get("/console/devices").text)
    assert f"Luc Berger (gone from {last_day + timedelta(days=1)})" in listed
    with time_machine.travel(now() + timedelta(days=11), tick=True):
        end_departed(clinic.database)
        assert leaver.stored()["status"] == "inactive"
        assert not leaver.has_account()


def test_a_practitioner_who_stays_keeps_their_tablet(leaver: Leaver) -> None:
    assert leaver.end(last_day="") == 422
    assert leaver.has_account()
    assert leaver.end(practitioner="leaves", last_day="9999-12-31") in {303, 422}
    assert leaver.end(practitioner="stays") == 303
    assert (leaver.has_account(), leaver.has_tablet()) == (False, True)


def test_who_may_not_change_practitioners_is_told_and_ends_the_account_alone(
    app: FastAPI, clinic: Clinic, leaver: Leaver
) -> None:
    clerk = Desk(app).let_in(clinic, set(Scope) - {Scope.PRACTITIONERS_WRITE})
    page = words(clerk.get(leaver.page).text)
    assert "Tablet, room 3 (tablet)" in page
    assert "You may not end the practitioner" in page
    assert fill(clerk, leaver.page, leaver.page, practitioner="leaves").status_code == 303
    assert leaver.stored()["status"] == "active"
    assert (leaver.has_account(), leaver.has_tablet()) == (False, True)


@pytest.mark.alike
def test_what_waits_for_a_practitioner_is_said_before_they_leave_or_are_inactive(
    leaver: Leaver, api: Api
) -> None:
    edit = f"/console/practitioners/{leaver.id}/edit"
    for page in (leaver.page, edit):
        said = words(leaver.desk.get(page).text)
        assert "leaves behind" not in said
        assert "Before they are inactive" not in said
    api.session()
    for _ in range(2):
        session = api.session(practitioner_id=leaver.id)
    report = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **report, red_flags=["fainting"])
    left = "2 sessions not signed yet, 1 open alert of their visits"
    assert f"Luc Berger leaves behind: {left} ." in words(leaver.desk.get(leaver.page).text)
    assert f"Before they are inactive: {left}." in words(leaver.desk.get(edit).text)
