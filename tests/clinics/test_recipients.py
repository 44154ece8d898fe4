"""A clinic says when it is open, which number helps in an emergency, and who is told of alerts."""

from typing import Any

import pytest

from tests.clinics.test_clinic import change
from tests.ground import Api
from tests.records.bodies import faults

NIGHTS = {"days": ["mon", "tue"], "from": "18:00", "to": "08:00"}
DANA = {"name": "Dana", "channel": "email", "to": "dana@clinic.example", "hours": [NIGHTS]}
PAGER = {"name": "Pager", "channel": "post", "to": "https://pager.example/in", "hours": []}


def test_the_clinics_address_numbers_hours_and_recipients_are_settings(api: Api) -> None:
    given = {
        "address": "1 Main Street\nVancouver",
        "phone": "+1 604 555 0100",
        "emergency_number": "911",
        "hours": [{"days": ["mon", "fri"], "from": "08:00", "to": "17:30"}],
        "alert_recipients": [DANA, PAGER],
    }
    changed = change(api, **given).json()
    assert changed | given == changed
    assert api.get("/v1/clinic").json() == changed
    last = api.get("/v1/changes?limit=200").json()["items"][-1]
    assert (last["resource"], last["body"]) == ("clinics", changed)


def test_a_recipient_without_hours_is_always_on_duty(api: Api) -> None:
    given = {name: PAGER[name] for name in ("name", "channel", "to")}
    assert change(api, alert_recipients=[given]).json()["alert_recipients"] == [PAGER]


def test_null_removes_a_setting(api: Api) -> None:
    change(api, emergency_number="112", alert_recipients=[PAGER])
    removed = change(api, 2, emergency_number=None, alert_recipients=None).json()
    assert (removed["emergency_number"], removed["alert_recipients"]) == (None, [])


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"to": "dana"}, {"/to": "email_address"}),
        ({"to": "dana@clinic"}, {"/to": "email_address"}),
        ({"to": "dana@clinic.example\nBcc: all@clinic.example"}, {"/to": "email_address"}),
        ({"to": "Dana <dana@clinic.example>"}, {"/to": "email_address"}),
        ({"to": "d" * 65 + "@clinic.example"}, {"/to": "email_address"}),
        ({"to": "d\u00e4na@clinic.example"}, {"/to": "email_address"}),
        ({"channel": "post", "to": "http://pager.example/in"}, {"/to": "address"}),
        ({"channel": "post", "to": "https://u:p@pager.example/in"}, {"/to": "address"}),
        ({"channel": "post", "to": "https://pager.example:25/in"}, {"/to": "port"}),
        ({"channel": "post", "to": "https://127.1/in"}, {"/to": "private_address"}),
        ({"channel": "post", "to": "https://[fd00::1]/in"}, {"/to": "private_address"}),
        ({"channel": "sms"}, {"/channel": "literal_error"}),
        ({"to": ""}, {"/to": "string_too_short"}),
        ({"name": " "}, {"/name": "blank"}),
        ({"name": None}, {"/name": "missing"}),
        ({"secret": "x"}, {"/secret": "extra_forbidden"}),
        ({"hours": [NIGHTS | {"from": "24:00"}]}, {"/hours/0/from": "string_pattern_mismatch"}),
        ({"hours": [NIGHTS | {"to": "8:00"}]}, {"/hours/0/to": "string_pattern_mismatch"}),
        ({"hours": [NIGHTS | {"days": []}]}, {"/hours/0/days": "too_short"}),
        ({"hours": [NIGHTS | {"days": ["mon", "mon"]}]}, {"/hours/0/days": "repeated"}),
        ({"hours": [NIGHTS | {"days": ["monday"]}]}, {"/hours/0/days/0": "literal_error"}),
        ({"hours": [NIGHTS] * 15}, {"/hours": "too_long"}),
    ],
)
def test_what_is_wrong_with_a_recipient_is_named(
    api: Api, members: dict[str, Any], fault: dict[str, str]
) -> None:
    placed = {f"/alert_recipients/0{place}": code for place, code in fault.items()}
    assert faults(change(api, alert_recipients=[DANA | members])) == placed


def test_at_most_ten_recipients_have_ten_names(api: Api) -> None:
    eleven = [PAGER | {"name": f"Pager {number}"} for number in range(11)]
    assert faults(change(api, alert_recipients=eleven)) == {"/alert_recipients": "too_long"}
    assert change(api, alert_recipients=eleven[:10]).status_code == 200
    twice = [PAGER, DANA | {"name": "Pager"}]
    assert faults(change(api, 2, alert_recipients=twice)) == {"/alert_recipients": "repeated"}


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"address": "x" * 4001}, {"/address": "string_too_long"}),
        ({"address": " "}, {"/address": "blank"}),
        ({"phone": "1" * 51}, {"/phone": "string_too_long"}),
        ({"emergency_number": 911}, {"/emergency_number": "string_type"}),
        ({"emergency_number": "call us"}, {"/emergency_number": "no_digits"}),
        ({"emergency_number": ""}, {"/emergency_number": "string_too_short"}),
    ],
)
def test_what_is_wrong_with_an_address_or_a_number_is_named(
    api: Api, members: dict[str, Any], fault: dict[str, str]
) -> None:
    assert faults(change(api, **members)) == fault


@pytest.mark.parametrize("number", ["911", "+1 (604) 555-0100", "911 or 112", "*112#", "\u0661"])
def test_an_emergency_number_may_have_words_beside_its_digits(api: Api, number: str) -> None:
    assert change(api, emergency_number=number).json()["emergency_number"] == number
