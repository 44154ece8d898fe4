"""The page of the clinic's settings: for the owner alone. What it doesn't show stays."""

import pytest
from fastapi import FastAPI
from httpx2 import Response

from app.core.values.access import ROLES, Scope
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_access import fill

PAGE = "/console/clinic"
GIVEN = {
    "name": "Praxis Müller",
    "phone": "+1 604 555 0199",
    "emergency_number": "911",
    "address": "1 Main Street\r\nVancouver",
    "sender": "Praxis M.",
    "quiet_from": "20:00",
    "quiet_to": "09:30",
}


def store(desk: Desk, api: Api, path: str = "change", **form: str) -> Response:
    version = str(api.get("/v1/clinic").json()["version"])
    return fill(desk, f"{PAGE}/{path}", PAGE, **{"version": version} | form)


def test_what_the_owner_sets_is_stored_and_shown(desk: Desk, api: Api) -> None:
    assert store(desk, api, **GIVEN, language_fr="yes").status_code == 303
    stored = api.get("/v1/clinic").json()
    assert (stored["name"], stored["phone"]) == (GIVEN["name"], GIVEN["phone"])
    assert stored["address"] == "1 Main Street\nVancouver"
    assert stored["quiet_hours"] == {"from": "20:00", "to": "09:30"}
    assert stored["messages"] == {"sender": "Praxis M.", "post_to": None}
    assert stored["languages"] == ["fr"]
    page = desk.get(PAGE).text
    assert "<bdi>Praxis Müller</bdi>" in page.partition("</header>")[0]
    for text in ("+1 604 555 0199", 'value="20:00"', 'value="Praxis M."'):
        assert text in page
    assert 'name="language_fr" value="yes" checked' in page


def test_what_the_form_leaves_empty_is_taken_back_and_what_it_lacks_stays(
    desk: Desk, api: Api
) -> None:
    held = {"If-Match": api.get("/v1/clinic").headers["etag"]}
    hours = [{"days": ["mon"], "from": "08:00", "to": "17:00"}]
    told = [{"name": "Dana", "channel": "email", "to": "dana@example.org", "hours": hours}]
    more = {"hours": hours, "alert_recipients": told, "languages": ["fr", "pt-BR"]}
    api("PATCH", "/v1/clinic", json=more | {"whose_sessions": "any"}, headers=held)
    assert store(desk, api, **GIVEN).status_code == 303
    assert store(desk, api, name="Praxis Müller").status_code == 303
    stored = api.get("/v1/clinic").json()
    for name in ("phone", "emergency_number", "address", "quiet_hours", "messages"):
        assert stored[name] is None, name
    assert stored["languages"] == ["pt-BR"]
    assert (stored["hours"], stored["alert_recipients"]) == (hours, told)
    assert stored["whose_sessions"] == "any"
    assert "Mon 08:00\u201317:00" in words(desk.get(PAGE).text)


def test_somebody_is_told_of_alerts_and_removed_again(desk: Desk, api: Api) -> None:
    assert "Nobody is told of alerts" in words(desk.get("/console").text)
    form = {"name": "Dana & Co", "channel": "email", "to": "dana@example.org"}
    assert store(desk, api, "recipients", **form).status_code == 303
    [told] = api.get("/v1/clinic").json()["alert_recipients"]
    assert told == {**form, "hours": []}
    assert "Dana & Co , by e-mail to dana@example.org" in words(desk.get(PAGE).text)
    assert store(desk, api, "recipients", **form).status_code == 422
    assert store(desk, api, "recipients/remove", name="Nobody").status_code == 409
    assert store(desk, api, "recipients/remove", name="Dana & Co").status_code == 303
    assert api.get("/v1/clinic").json()["alert_recipients"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"emergency_number": "the doctor"},
        {"quiet_from": "25:00"},
        {"quiet_to": ""},
        {"post_to": "http://example.org"},
        {"sender": "", "post_to": "https://example.org"},
        {"name": ""},
    ],
)
def test_a_setting_that_can_t_be_is_refused_and_kept_for_the_form(
    desk: Desk, api: Api, wrong: dict[str, str]
) -> None:
    before = api.get("/v1/clinic").json()
    answer = store(desk, api, **GIVEN | wrong)
    assert answer.status_code == 422
    assert "+1 604 555 0199" in answer.text
    assert api.get("/v1/clinic").json() == before


def test_settings_that_somebody_else_changed_meanwhile_are_not_overwritten(
    desk: Desk, api: Api
) -> None:
    store(desk, api, **GIVEN)
    answer = store(desk, api, **GIVEN | {"version": "1", "phone": "1"})
    assert answer.status_code == 412
    assert api.get("/v1/clinic").json()["phone"] == GIVEN["phone"]


def test_only_those_who_may_change_the_clinic_open_the_page(app: FastAPI, clinic: Clinic) -> None:
    for scopes in (ROLES["practitioner"], ROLES["front-desk"], [Scope.CLINIC_READ]):
        desk = Desk(app).let_in(clinic, [*scopes, Scope.PATIENTS_READ])
        assert desk.get(PAGE).status_code == 403
        assert 'href="/console/clinic"' not in desk.get("/console").text
