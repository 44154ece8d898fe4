"""A signed POST reaches the clinic's own program, which can check who sent it."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pydantic import ValidationError

from app.core.http import outgoing
from app.deliveries import signatures
from app.deliveries.courier import deliver_in
from app.settings import Settings
from tests.cli.program import Ran, url_of, within
from tests.clinics.test_clinic import change
from tests.deliveries.mailbox import mailing
from tests.deliveries.receiver import Receiver, receiving
from tests.deliveries.test_courier import URL, deliveries, red_flag
from tests.ground import Api, Clinic
from tests.publishing import loopback_let_in

KEY = "made up, of 32 characters or more"
OPERATOR = Path(__file__).parents[2] / "docs" / "operator.md"


@pytest.fixture(name="pager")
def clinics_program() -> Iterator[Receiver]:
    with (
        receiving() as pager,
        loopback_let_in(),
        mailing("log:", post_key=KEY, public_url=URL, outgoing_to_loopback="1"),
    ):
        yield pager


def told(api: Api, clinic: Clinic, pager: Receiver) -> dict[str, Any]:
    """Raise an alert, let the clinic's program be told, and return the delivery."""
    recipient = {"name": "Pager", "channel": "post", "to": f"{pager.url}/in?shift=1"}
    change(api, alert_recipients=[recipient])
    alert = red_flag(api)
    deliver_in(clinic.database, clinic.id)
    [found] = deliveries(api, alert)
    return found


def test_a_post_names_the_alert_and_nothing_about_the_patient(
    api: Api, clinic: Clinic, pager: Receiver
) -> None:
    assert told(api, clinic, pager)["status"] == "sent"
    [request] = pager.requests
    [alert] = api.get("/v1/alerts").json()["items"]
    body = json.loads(request.body)
    assert (request.path, request.headers["content-type"]) == ("/in?shift=1", "application/json")
    assert (body["type"], body["timestamp"]) == ("alert.raised", alert["raised_at"])
    assert body["data"]["link"] == f"{URL}/console/alerts/{alert['id']}"
    assert (body["data"]["id"], body["data"]["late"]) == (alert["id"], False)
    assert alert["patient_id"] not in request.body.decode()
    assert "breath" not in request.body.decode()


@pytest.mark.parametrize("status", [301, 400, 410, 500, 503])
def test_any_status_but_2xx_is_a_failure(
    api: Api, clinic: Clinic, pager: Receiver, status: int
) -> None:
    pager.status = status
    found = told(api, clinic, pager)
    reason = f"The clinic's program answered {status}."
    assert (found["status"], found["reason"]) == ("failed", reason)
    assert [request.path for request in pager.requests] == ["/in?shift=1"]  # no redirection


def test_a_program_that_drips_is_cut_off(
    api: Api, clinic: Clinic, pager: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "POST_TIMEOUT_S", 0.2)  # only this ends the drip
    pager.drips = True
    found = told(api, clinic, pager)
    assert (found["status"], found["reason"]) == (
        "failed",
        "The clinic's program can't be reached: no answer.",
    )


def test_an_address_inside_the_servers_network_is_never_posted_to(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    with receiving() as inside:
        port = inside.url.rpartition(":")[2]
        to = f"https://pager.clinic.example:{port}/"
        with mailing("log:", post_key=KEY, outgoing_ports=f"443,{port}"):
            change(api, alert_recipients=[{"name": "In", "channel": "post", "to": to}])
            alert = red_flag(api)
            deliver_in(clinic.database, clinic.id)
    [found] = deliveries(api, alert)
    assert found["reason"] == "The clinic's program can't be reached: no public address."
    assert inside.requests == []


def test_a_repeated_message_has_the_same_id_and_a_new_time(
    api: Api, clinic: Clinic, pager: Receiver
) -> None:
    with time_machine.travel(datetime(2026, 11, 30, 2, 0, tzinfo=UTC), tick=False) as clock:
        pager.status = 500
        told(api, clinic, pager)
        clock.shift(timedelta(minutes=2))
        pager.status = 200
        deliver_in(clinic.database, clinic.id)
    first, second = (request.headers for request in pager.requests)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 120


def test_the_receiver_of_the_docs_takes_what_is_signed_and_nothing_else(
    api: Api,
    clinic: Clinic,
    pager: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told(api, clinic, pager)
    [request] = pager.requests
    shown = secret_of(clinic, "Pager", monkeypatch, capsys)
    assert (shown.code, shown.out[:6]) == (0, "whsec_")
    checked = receiver_of_the_docs()
    at = int(request.headers["webhook-timestamp"])
    secret, headers = shown.out.strip(), request.headers
    assert checked(secret, headers, request.body, at) == json.loads(request.body)
    forged = request.body.replace(b"alert.raised", b"alert.forged")
    for given in (
        (secret, headers, forged, at),
        (secret, headers, request.body, at + 301),
        (secret, headers | {"webhook-id": "msg_other"}, request.body, at),
        (signatures.secret(b"k" * 32), headers, request.body, at),
    ):
        with pytest.raises(ValueError, match=r"not from Needlework|too old"):
            checked(*given)


def secret_of(
    clinic: Clinic, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ran:
    asked = ("clinic", "secret", name, "--clinic", str(clinic.id))
    return within(monkeypatch, capsys, url_of(clinic.database), *asked)


def receiver_of_the_docs() -> Any:
    """Return the function in the example of the docs."""
    [code] = re.findall(r"```python\n(.*?)```", OPERATOR.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - it is our own page
    return names["checked"]


def test_each_clinic_and_address_has_its_own_secret(clinic: Clinic) -> None:
    with mailing("log:", post_key=KEY):
        keys = {
            signatures.key(clinic.id, "https://a.example/"),
            signatures.key(clinic.id, "https://b.example/"),
            signatures.key(type(clinic.id)(int=1), "https://a.example/"),
        }
        assert len(keys) == 3
        assert {len(key or b"") for key in keys} == {32}
    assert signatures.key(clinic.id, "https://a.example/") is None


def test_only_a_recipient_with_a_post_has_a_secret(
    api: Api,
    clinic: Clinic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(api, alert_recipients=[{"name": "In", "channel": "post", "to": "https://in.example/"}])
    assert secret_of(clinic, "Other", monkeypatch, capsys).code == 1
    assert "no key for posts" in secret_of(clinic, "In", monkeypatch, capsys).err


def test_a_short_key_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEWORK_POST_KEY", "too short")
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert "too short" not in str(refusal.value)
