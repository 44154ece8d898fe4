"""A red flag is never lost: not by a fault of the form, and not by a link that takes no answer."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.ground import Clinic
from tests.state.test_unreadable import spoil
from tests.web.patient.conftest import Link

FLAGS: dict[str, Any] = {"none_of_these": None, "red_flags": "fainting"}
DANGER = "What you ticked can be dangerous"
NOT_YET = "Your answer has not arrived completely yet"


def void(link: Link) -> None:
    session = link.api.get(f"/v1/sessions/{link.session['id']}").json()
    held = {"If-Match": f'"{session["version"]}"'}
    path = f"/v1/sessions/{session['id']}/void"
    assert link.api.post(path, {"reason": "Wrong patient."}, headers=held).status_code == 200


def answer_five_times(link: Link) -> None:
    for soreness in range(5):
        link.send(soreness=str(soreness))


@pytest.mark.parametrize(
    "fault",
    [
        {"soreness": None},
        {"soreness": "11"},
        {"none_of_these": "yes"},
        {"comment": "x" * 4001},
        {"change": "other"},
        {"red_flags": ["fainting", "other"]},
    ],
    ids=["nothing chosen", "no such number", "contradiction", "long text", "change", "sign"],
)
def test_a_red_flag_on_a_form_with_a_fault_raises_the_alert(
    link: Link, fault: dict[str, Any]
) -> None:
    answer = link.send(**FLAGS | fault)
    assert answer.status_code == 422
    [alert] = link.alerts()
    assert alert["reasons"] == ["fainting"]
    assert alert["source"] == {"resource": "asks", "id": link.ask_id}
    assert alert["patient_id"] == link.session["patient_id"]
    assert alert["session_id"] == link.session["id"]
    before = answer.text.split("<form")[0]
    said = [before.index(words) for words in (DANGER, "tel:911", "tel:6045550100", NOT_YET)]
    assert said == sorted(said)
    assert "autofocus" not in answer.text
    assert link.reports() == []


def test_the_complete_form_joins_the_alert_of_the_faulty_one(link: Link) -> None:
    link.send(**FLAGS | {"soreness": None})
    link.send(**FLAGS | {"soreness": None})
    [first] = link.alerts()
    answer = link.send(**FLAGS | {"red_flags": ["fainting", "dry_cough"]})
    assert "Your answer has arrived" in answer.text
    [report], [alert] = link.reports(), link.alerts()
    assert alert["id"] == first["id"]
    assert set(alert["reasons"]) == {"fainting", "dry_cough"}
    assert alert["source"] == {"resource": "follow_ups", "id": report["id"]}


def test_a_complete_form_without_the_red_flag_leaves_the_alert_open(link: Link) -> None:
    link.send(**FLAGS | {"soreness": None})
    link.send()
    assert len(link.reports()) == len(link.alerts()) == 1


@pytest.mark.parametrize("fault", [{}, {"soreness": None}], ids=["whole", "faulty"])
@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (answer_five_times, 409),
        (lambda link: link.wait(days=15), 410),
        (lambda link: link.wait(hours=-3), 200),
        (lambda link: link.wire.post(f"{link.path}/stop"), 200),
        (void, 200),
    ],
    ids=["five answers", "expired", "not yet", "stopped", "void"],
)
def test_a_red_flag_on_a_link_that_takes_no_answer_raises_the_alert(
    link: Link, ended: Callable[[Link], Any], status: int, fault: dict[str, Any]
) -> None:
    ended(link)
    reports = len(link.reports())
    answer = link.send(**FLAGS | fault)
    assert answer.status_code == status
    assert DANGER in answer.text
    assert "yours is not stored" in answer.text
    assert 'href="tel:911"' in answer.text
    [alert] = link.alerts()
    assert alert["reasons"] == ["fainting"]
    assert len(link.reports()) == reports


def test_a_red_flag_of_somebody_who_is_not_meant_raises_the_alert_too(link: Link) -> None:
    answer = link.send(**FLAGS | {"reported_by": "not_me"})
    assert DANGER in answer.text
    assert len(link.alerts()) == 1
    assert link.ask()["reason"] == "not_me"
    assert link.open().status_code == 404


def test_an_app_tells_of_a_red_flag_of_somebody_who_is_not_meant(link: Link) -> None:
    told = link.send_by_app(reported_by="not_me", red_flags=["fainting"]).json()
    assert (told["state"], told["in_danger"]) == ("not_me", True)
    assert len(link.alerts()) == 1


def test_the_link_says_to_call_as_long_as_the_alert_is_open_and_shows_no_answer(link: Link) -> None:
    link.send(**FLAGS)
    shown = link.open().text
    assert "Call us now if you have not spoken with us" in shown
    assert "You can close this page" not in shown
    assert "ainting" not in shown
    [alert] = link.alerts()
    said = {"action": "called"}
    assert link.api.post(f"/v1/alerts/{alert['id']}/acknowledge", said).status_code == 200
    assert "You can close this page" in link.open().text


def test_a_red_flag_on_a_link_that_nobody_knows_raises_no_alert(link: Link) -> None:
    link.wire.post(link.path, data={"reported_by": "not_me"})
    assert link.send(**FLAGS).status_code == 404
    assert link.send(**FLAGS | {"soreness": None}).status_code == 404
    assert link.alerts() == []


def test_a_red_flag_in_a_faulty_answer_of_an_app_raises_the_alert(link: Link) -> None:
    answer = link.send_by_app(none_of_these=True, red_flags=["fainting", "other"])
    assert answer.status_code == 422
    assert answer.json()["in_danger"] is True
    assert [alert["reasons"] for alert in link.alerts()] == [["fainting"]]
    assert "in_danger" not in link.send_by_app(none_of_these=False).json()


def test_an_app_learns_of_the_danger_when_the_link_takes_no_answer(link: Link) -> None:
    link.wait(days=15)
    answer = link.send_by_app(none_of_these=False, red_flags=["fainting"])
    assert (answer.status_code, answer.json()["in_danger"]) == (409, True)
    assert len(link.alerts()) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("occurred_at_offset_min", "32000"),
        ("occurred_at", "'9999-12-31 23:59:59.000000+00'"),
        ("status", "'void'"),
        ("attendance", "'declined'"),
    ],
)
def test_no_answer_is_lost_because_somebody_changed_the_row_of_the_session(
    link: Link, clinic: Clinic, column: str, value: str
) -> None:
    spoil(clinic, "sessions", link.session["id"], column, value)
    assert link.send(**FLAGS).status_code == 200
    [report] = link.reports()
    alerts = {alert["source"]["id"] for alert in link.alerts()}
    assert alerts >= {report["id"]}
