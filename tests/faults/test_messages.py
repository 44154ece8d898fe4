"""Which messages get lost or sent twice when the server is killed before, while or after it sends.

Each killed server had two messages to send: one about an alert, and one that asks a patient.
"""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tests.deliveries.mailbox import HOST, SENDER, Mailbox, mail_server
from tests.deliveries.receiver import Receiver, receiving
from tests.faults import hasty
from tests.faults.callers import Caller
from tests.faults.conftest import Deployment, Site, create_site
from tests.serving import Serving

HASTY = ("uvicorn", f"{hasty.__name__}:create_app", "--factory")
TAKES_S = 0.3
KILLED_WITHIN_S = 1.0
ENDED_WITHIN_S = 60.0
KEY = "made up, with 32 characters or more"
DANA = {"name": "Dana", "channel": "email", "to": "dana@clinic.example"}
Record = Callable[[str, object], None]


class After(NamedTuple):
    """What was to be sent, and what the receivers got, after all kills."""

    kills: int
    alerts: set[str]
    asks: list[dict[str, Any]]
    box: Mailbox
    receiver: Receiver


def settle(site: Site, port: int, receiver: Receiver) -> None:
    """Let it be no quiet hour now, and name the clinic's own sender and who is told of alerts."""
    now = datetime.now(UTC)
    quiet = {"from": f"{now + timedelta(hours=6):%H:%M}", "to": f"{now + timedelta(hours=7):%H:%M}"}
    messages = {"sender": "Practice", "post_to": receiver.url}
    body = {"quiet_hours": quiet, "messages": messages, "alert_recipients": [DANA]}
    changed = site.caller(port).write("PATCH", "/v1/clinic", body, **{"If-Match": '"1"'})
    assert changed.status == 200, changed.body


def treat(caller: Caller) -> tuple[str, str]:
    """Log a visit of a day ago, and return the ids of the patient and of the session."""
    patient = caller.write("POST", "/v1/patients", {}).body["id"]
    practitioner = caller.write("POST", "/v1/practitioners", {"family_name": "Demo"}).body["id"]
    visit = {
        "patient_id": patient,
        "practitioner_id": practitioner,
        "technique": "gunn_ims",
        "occurred_at": a_day_ago(),
        "needlings": [{"muscle": "infraspinatus", "side": "left"}],
        "needle_count": {"opened": 1, "inserted": 1, "removed": 1, "disposed": 1},
    }
    return patient, caller.write("POST", "/v1/sessions", visit).body["id"]


def a_day_ago() -> str:
    return (datetime.now(UTC) - timedelta(hours=24)).isoformat()


def let_be_asked(caller: Caller, patient: str, channel: str) -> None:
    consent = {
        "patient_id": patient,
        "kind": "messages",
        "channel": channel,
        "address": f"{patient}@clinic.example",
        "decision": "given",
        "form": "verbal",
        "given_by": "P",
        "obtained_by": "D",
        "obtained_at": a_day_ago(),
    }
    caller.write("POST", "/v1/consents", consent)


def give_two_messages_to_send(caller: Caller, channel: str) -> str:
    """Sign a visit, so that its patient is asked, and report a red flag. Return the alert's id."""
    asked, signed = treat(caller)
    let_be_asked(caller, asked, channel)
    _, reported = treat(caller)
    caller.write("POST", f"/v1/sessions/{signed}/sign", None, **{"If-Match": '"1"'})
    said = {"reported_at": datetime.now(UTC).isoformat(), "soreness": 4}
    report = {**said, "red_flags": ["breathlessness"]}
    made = caller.write("POST", f"/v1/sessions/{reported}/follow-ups", report).body
    return str(made["alert"]["id"])


def asks_of(caller: Caller) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = caller.once("GET", "/v1/asks?limit=200").body["items"]
    return items


def told(box: Mailbox) -> dict[str, set[str]]:
    """Return the ids of the messages about each alert."""
    found: dict[str, set[str]] = {}
    for mail, text in zip(box.mails, box.texts, strict=True):
        if mail["To"] == DANA["to"]:
            [alert] = re.findall(r"/console/alerts/(\S+)", text)
            found.setdefault(alert, set()).add(str(mail["Message-ID"]))
    return found


def end_of_sending(site: Site, port: int, box: Mailbox, alerts: set[str]) -> list[dict[str, Any]]:
    """Wait until nothing is left to send, and return all asks."""
    deadline = time.monotonic() + ENDED_WITHIN_S
    with closing(Caller(port, site.key)) as caller:
        asks = asks_of(caller)
        while any(ask["status"] == "due" for ask in asks):
            assert time.monotonic() < deadline, asks
            time.sleep(0.1)
            asks = asks_of(caller)
    while told(box).keys() < alerts:
        assert time.monotonic() < deadline, f"told of {len(told(box))} of {len(alerts)}"
        time.sleep(0.05)
    return asks


@pytest.fixture(name="after", scope="module")
def after_servers_were_killed_while_they_sent(
    deployment: Deployment, rounds: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[After]:
    chance, alerts = random.Random(rounds), set[str]()
    deployment.serving.kill()  # its threads must not share the work
    with (
        closing(create_site(deployment)) as site,
        mail_server(Mailbox(takes_s=TAKES_S)) as box,
        receiving() as receiver,
    ):
        serving = Serving(
            tmp_path_factory.mktemp("messages") / "hasty.log",
            HASTY,
            NEEDLEWORK_DATABASE_URL=deployment.url,
            NEEDLEWORK_SMTP_URL=f"smtp+plain://{HOST}:{box.port}",
            NEEDLEWORK_MAIL_FROM=SENDER,
            NEEDLEWORK_PUBLIC_URL=f"http://{HOST}",
            NEEDLEWORK_POST_KEY=KEY,
            NEEDLEWORK_OUTGOING_TO_LOOPBACK="true",
        )
        try:
            for turn in range(rounds + 1):
                serving.start()
                if turn == 0:
                    settle(site, serving.port, receiver)
                with closing(Caller(serving.port, site.key)) as caller:
                    channel = ("email", "post")[turn % 2]
                    alerts.add(give_two_messages_to_send(caller, channel))
                time.sleep(chance.uniform(0, KILLED_WITHIN_S))
                serving.kill()
            serving.start()
            asks = end_of_sending(site, serving.port, box, alerts)
        finally:
            serving.kill()
            deployment.serving.start()
        yield After(rounds + 1, alerts, asks, box, receiver)


def test_each_alert_is_told_though_the_server_is_killed_while_it_tells(
    after: After, record_property: Record
) -> None:
    messages = told(after.box)
    assert len(after.alerts) == after.kills
    assert messages.keys() == after.alerts
    assert {len(ids) for ids in messages.values()} == {1}  # a repeat has the same id
    record_property("alerts", len(after.alerts))
    record_property("messages", sum(mail["To"] == DANA["to"] for mail in after.box.mails))


def test_a_killed_server_asks_nobody_twice_and_shows_what_may_have_gone(
    after: After, record_property: Record
) -> None:
    mails = Counter(str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in after.box.mails)
    posts = [json.loads(request.body) for request in after.receiver.requests]
    for ask in after.asks:
        [attempt] = ask["attempts"]
        went = mails[attempt["id"].replace("-", "")]
        if ask["channel"] == "post":
            assert ask["status"] == "sent"
            assert {body["attempt_id"] for body in posts if body["ask_id"] == ask["id"]} == {
                attempt["id"]
            }
        else:
            assert ask["status"] in {"sent", "unsure"}
            assert went == 1 if ask["status"] == "sent" else went <= 1
    assert len(after.asks) == after.kills
    record_property("unsure", sum(ask["status"] == "unsure" for ask in after.asks))
