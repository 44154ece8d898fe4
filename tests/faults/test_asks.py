"""A killed server asks no patient twice by e-mail, and loses no message to the clinic's sender."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.deliveries.mailbox import HOST, SENDER, Mailbox, mail_server
from tests.deliveries.receiver import Receiver, receiving
from tests.faults.callers import Caller
from tests.faults.conftest import Site
from tests.faults.test_messages import HASTY, TAKES_S
from tests.serving import Serving

KILLED_WITHIN_S = 1.0
ENDED_WITHIN_S = 60.0
KEY = "made up, with 32 characters or more"


def sign_a_visit(site: Site, port: int, channel: str) -> str:
    """Sign a visit of a day ago, about which the patient is asked at once. Return the ask's id."""
    occurred_at = (datetime.now(UTC) - timedelta(hours=24)).isoformat()
    caller = Caller(port, site.key)
    try:
        patient = caller.write("POST", "/v1/patients", {}).body["id"]
        practitioner = caller.write("POST", "/v1/practitioners", {"family_name": "Demo"}).body["id"]
        consent = {
            "patient_id": patient,
            "kind": "messages",
            "channel": channel,
            "address": f"{patient}@clinic.example",
            "decision": "given",
            "form": "verbal",
            "given_by": "P",
            "obtained_by": "D",
            "obtained_at": occurred_at,
        }
        caller.write("POST", "/v1/consents", consent)
        visit = {
            "patient_id": patient,
            "practitioner_id": practitioner,
            "technique": "gunn_ims",
            "occurred_at": occurred_at,
            "needlings": [{"muscle": "infraspinatus", "side": "left"}],
            "needle_count": {"opened": 1, "inserted": 1, "removed": 1, "disposed": 1},
        }
        session = caller.write("POST", "/v1/sessions", visit).body["id"]
        caller.write("POST", f"/v1/sessions/{session}/sign", None, **{"If-Match": '"1"'})
        [ask] = caller.once("GET", f"/v1/asks?session_id={session}").body["items"]
        return str(ask["id"])
    finally:
        caller.close()


def settle(site: Site, port: int, receiver: Receiver) -> None:
    """Let it be no quiet hour now, and name the clinic's own sender."""
    now = datetime.now(UTC)
    quiet = {"from": f"{now + timedelta(hours=6):%H:%M}", "to": f"{now + timedelta(hours=7):%H:%M}"}
    messages = {"sender": "Practice", "post_to": receiver.url}
    body = {"quiet_hours": quiet, "messages": messages}
    changed = site.caller(port).write("PATCH", "/v1/clinic", body, **{"If-Match": '"1"'})
    assert changed.status == 200, changed.body


def every(site: Site, port: int) -> dict[str, dict[str, Any]]:
    caller = Caller(port, site.key)
    try:
        return {ask["id"]: ask for ask in caller.once("GET", "/v1/asks?limit=200").body["items"]}
    finally:
        caller.close()


def test_a_killed_server_asks_nobody_twice_and_shows_what_may_have_gone(
    site: Site,
    rounds: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(rounds)
    with mail_server(Mailbox(takes_s=TAKES_S)) as box, receiving() as receiver:
        site.deployment.serving.kill()  # its asker must not share the work
        serving = Serving(
            tmp_path / "hasty.log",
            HASTY,
            NEEDLEWORK_DATABASE_URL=site.deployment.url,
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
                sign_a_visit(site, serving.port, ("email", "post")[turn % 2])
                time.sleep(chance.uniform(0, KILLED_WITHIN_S))
                serving.kill()
            serving.start()
            deadline = time.monotonic() + ENDED_WITHIN_S
            while any(ask["status"] == "due" for ask in every(site, serving.port).values()):
                assert time.monotonic() < deadline, every(site, serving.port)
                time.sleep(0.1)
            asks = every(site, serving.port)
        finally:
            serving.kill()
            site.deployment.serving.start()
    mails = Counter(str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in box.mails)
    posts = [json.loads(request.body) for request in receiver.requests]
    for ask in asks.values():
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
    assert len(asks) == rounds + 1
    record_property("unsure", sum(ask["status"] == "unsure" for ask in asks.values()))
