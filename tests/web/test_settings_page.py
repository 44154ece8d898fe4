"""The page of the clinic's settings: for the owner alone. What it doesn't show stays."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st

from app.clinics.rules import WEEK
from app.core.values.access import ROLES, Scope
from app.web.console.hours import as_text, parsed
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_access import fill
from tests.web.writing.sent import form_on, send

PAGE = "/console/clinic"
GIVEN = {
    "name": "Praxis Müller",
    "phone": "+1 604 555 0199",
    "emergency_number": "911",
    "address": "1 Main Street\r\nVancouver",
    "messages.sender": "Praxis M.",
    "quiet_hours.from": "20:00",
    "quiet_hours.to": "09:30",
    "time_zone": "America/Vancouver",
    "hours": "Mon-Thu 8:00-17:00\r\nFri, Sun 22:00 \u2013 06:00",
    "whose_sessions": "any",
}
HOURS = [
    {"days": ["mon", "tue", "wed", "thu"], "from": "08:00", "to": "17:00"},
    {"days": ["fri", "sun"], "from": "22:00", "to": "06:00"},
]


def store(desk: Desk, api: Api, path: str = "", **form: str) -> Response:
    version = str(api.get("/v1/clinic").json()["version"])
    return fill(desk, f"{PAGE}{path}", f"{PAGE}{path}", **{"version": version} | form)


def test_what_the_owner_sets_is_stored_and_shown(desk: Desk, api: Api) -> None:
    assert store(desk, api, **GIVEN, language_fr="yes").status_code == 303
    stored = api.get("/v1/clinic").json()
    assert (stored["name"], stored["phone"]) == (GIVEN["name"], GIVEN["phone"])
    assert stored["address"] == "1 Main Street\nVancouver"
    assert stored["quiet_hours"] == {"from": "20:00", "to": "09:30"}
    assert stored["messages"] == {"sender": "Praxis M.", "post_to": None}
    assert stored["languages"] == ["fr"]
    assert (stored["time_zone"], stored["whose_sessions"]) == ("America/Vancouver", "any")
    assert stored["hours"] == HOURS
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
    more = {"alert_recipients": told, "languages": ["fr", "pt-BR"], "baseline_days": 30}
    api("PATCH", "/v1/clinic", json=more, headers=held)
    assert store(desk, api, **GIVEN).status_code == 303
    assert store(desk, api, name="Praxis Müller").status_code == 303
    stored = api.get("/v1/clinic").json()
    for name in ("phone", "emergency_number", "address", "quiet_hours", "messages"):
        assert stored[name] is None, name
    assert stored["languages"] == ["pt-BR"]
    assert (stored["hours"], stored["alert_recipients"]) == ([], told)
    assert (stored["whose_sessions"], stored["time_zone"]) == ("any", "America/Vancouver")
    assert stored["baseline_days"] == 30
    assert "Mon 08:00\u201317:00" in words(desk.get(PAGE).text)


def test_somebody_is_told_of_alerts_and_removed_again(desk: Desk, api: Api) -> None:
    assert "Nobody is told of alerts" in words(desk.get("/console").text)
    form = {"name": "Dana & Co", "channel": "email", "to": "dana@example.org"}
    new = f"{PAGE}/recipients/new"
    assert send(desk, new, **form).status_code == 303
    [told] = api.get("/v1/clinic").json()["alert_recipients"]
    assert told == {**form, "hours": []}
    page = desk.get(PAGE).text
    assert "Dana & Co , by e-mail to dana@example.org" in words(page)
    assert form_on(send(desk, new, **form).text, new).wrong == {"name"}
    twice = send(desk, new, **form | {"name": "D.", "to": "Dana@example.org"})
    assert form_on(twice.text, new).wrong == {"to"}
    assert "This address is told already, at the same hours." in words(twice.text)
    wrong = send(desk, new, **form | {"to": "nobody", "hours": "x"})
    assert form_on(wrong.text, new).wrong == {"to", "hours"}
    [change] = re.findall(r'href="(/console/clinic/recipients/[^"]+/edit)"', page)
    duty = {"to": "night@example.org", "hours": "Sat-Mon 18:00-08:00"}
    wrong = send(desk, change, **duty | {"hours": "x"})
    assert form_on(wrong.text, change).wrong == {"hours"}
    assert send(desk, change, **duty).status_code == 303
    [told] = api.get("/v1/clinic").json()["alert_recipients"]
    on_duty = {"days": ["sat", "sun", "mon"], "from": "18:00", "to": "08:00"}
    assert told == {**form, "to": "night@example.org", "hours": [on_duty]}
    assert store(desk, api, "/recipients/remove", name="Nobody").status_code == 409
    assert store(desk, api, "/recipients/remove", name="Dana & Co").status_code == 303
    assert api.get("/v1/clinic").json()["alert_recipients"] == []


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "days": st.lists(st.sampled_from(WEEK), min_size=1, unique=True),
                "from": st.times().map("{:%H:%M}".format),
                "to": st.times().map("{:%H:%M}".format),
            }
        )
    )
)
def test_hours_are_read_back_as_they_are_shown(hours: list[dict[str, Any]]) -> None:
    in_order = [{**each, "days": sorted(each["days"], key=WEEK.index)} for each in hours]
    assert parsed(as_text(hours)) == in_order


@pytest.mark.parametrize("written", ["00:00-24:00", "0:00 - 24:00", "00:00-00:00"])
def test_a_whole_day_ends_at_24_00(written: str) -> None:
    hours = parsed(f"Sat-Sun {written}")
    assert hours == [{"days": ["sat", "sun"], "from": "00:00", "to": "00:00"}]
    assert as_text(hours) == "Sat, Sun 00:00-24:00"


def test_a_telephone_number_has_digits_and_hours_that_cannot_be_are_said_how(
    desk: Desk, api: Api
) -> None:
    form = {"phone": "call me", "hours": "Mon 24:00-25:00"}
    phoneless = send(desk, PAGE, phone="call me")
    assert form_on(phoneless.text, PAGE).wrong == {"phone"}
    assert "Give the number to call, in digits." in words(phoneless.text)
    late = send(desk, PAGE, **form | {"phone": "604 555 0100"})
    assert form_on(late.text, PAGE).wrong == {"hours"}
    assert "for whole days: Sat-Sun 00:00-24:00" in words(late.text)
    assert api.get("/v1/clinic").json()["phone"] is None


@pytest.mark.parametrize(
    "text",
    [
        "Mon 25:00-26:00",
        "Mon 24:00-08:00",
        "Mon",
        "Mon 8-17",
        "mo 08:00-17:00",
        "Mon--Fri 08:00-09:00",
    ],
)
def test_hours_that_are_not_clear_are_not_guessed(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"emergency_number": "the doctor"},
        {"hours": "Mon-Fri all day"},
        {"time_zone": "Vancouver"},
        {"quiet_hours.from": "25:00"},
        {"quiet_hours.to": ""},
        {"messages.post_to": "http://example.org"},
        {"messages.sender": "", "messages.post_to": "https://example.org"},
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
    faulty = {"messages.sender"} if "messages.sender" in wrong else set(wrong)
    assert form_on(answer.text, PAGE).wrong == faulty
    assert api.get("/v1/clinic").json() == before


def test_all_faults_of_the_settings_are_told_at_once(desk: Desk, api: Api) -> None:
    wrong = {"hours": "Mon-Fri all day", "emergency_number": "the doctor", "quiet_hours.to": ""}
    answer = store(desk, api, **GIVEN | wrong)
    assert form_on(answer.text, PAGE).wrong == set(wrong)
    assert "Write each line as: Mon-Fri 08:00-17:00" in words(answer.text)


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
