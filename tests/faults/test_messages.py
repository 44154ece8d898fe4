"""No message about an alert is lost when the server is killed before, while or after it sends."""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

from tests.deliveries.mailbox import HOST, SENDER, Mailbox, mail_server
from tests.faults import hasty
from tests.faults.callers import Caller
from tests.faults.conftest import Site
from tests.serving import Serving

HASTY = ("uvicorn", f"{hasty.__name__}:create_app", "--factory")
TAKES_S = 0.3
KILLED_WITHIN_S = 0.8
TOLD_WITHIN_S = 60.0
DANA = {"name": "Dana", "channel": "email", "to": "dana@clinic.example"}


def told(box: Mailbox) -> dict[str, set[str]]:
    """Return the ids of the messages about each alert."""
    found: dict[str, set[str]] = {}
    for mail, text in zip(box.mails, box.texts, strict=True):
        [alert] = re.findall(r"/console/alerts/(\S+)", text)
        found.setdefault(alert, set()).add(str(mail["Message-ID"]))
    return found


def raise_alert(site: Site, port: int) -> str:
    """Let a patient report a red flag, and return the id of the alert."""
    caller = Caller(port, site.key)
    try:
        patient = caller.write("POST", "/v1/patients", {}).body
        practitioner = caller.write("POST", "/v1/practitioners", {"family_name": "Demo"}).body
        visit = {"patient_id": patient["id"], "practitioner_id": practitioner["id"]}
        visit |= {"occurred_at": "2026-11-01T10:00:00-08:00", "technique": "gunn_ims"}
        session = caller.write("POST", "/v1/sessions", visit).body
        said = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4}
        report = f"/v1/sessions/{session['id']}/follow-ups"
        made = caller.write("POST", report, {**said, "red_flags": ["breathlessness"]}).body
        return str(made["alert"]["id"])
    finally:
        caller.close()


def test_each_alert_is_told_though_the_server_is_killed_while_it_tells(
    site: Site,
    rounds: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    settings = {"alert_recipients": [DANA]}
    stale = {"If-Match": '"1"'}
    site.caller().write("PATCH", "/v1/clinic", settings, **stale)
    site.deployment.serving.kill()  # its courier must not share the work
    chance = random.Random(rounds)
    with mail_server(Mailbox(takes_s=TAKES_S)) as box:
        serving = Serving(
            tmp_path / "hasty.log",
            HASTY,
            NEEDLEWORK_DATABASE_URL=site.deployment.url,
            NEEDLEWORK_SMTP_URL=f"smtp+plain://{HOST}:{box.port}",
            NEEDLEWORK_MAIL_FROM=SENDER,
            NEEDLEWORK_PUBLIC_URL=f"http://{HOST}",
        )
        try:
            alerts = set()
            for _ in range(rounds + 1):
                serving.start()
                alerts.add(raise_alert(site, serving.port))
                time.sleep(chance.uniform(0, KILLED_WITHIN_S))
                serving.kill()
            serving.start()
            deadline = time.monotonic() + TOLD_WITHIN_S
            while told(box).keys() < alerts:
                assert time.monotonic() < deadline, f"told of {len(told(box))} of {len(alerts)}"
                time.sleep(0.05)
        finally:
            serving.kill()
            site.deployment.serving.start()
        assert told(box).keys() == alerts
        assert {len(ids) for ids in told(box).values()} == {1}  # a repeat has the same id
    record_property("alerts", len(alerts))
    record_property("messages", len(box.mails))
