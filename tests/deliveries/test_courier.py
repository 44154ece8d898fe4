"""An alert reaches the clinic's recipients, one after the other, until somebody acknowledges it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete

from app.core.db.database import Database
from app.deliveries import channels, courier
from app.deliveries.courier import deliver, deliver_in
from app.deliveries.errors import Undelivered
from app.deliveries.models import OutboxItem
from app.ledger.models import LedgerHead
from app.main import create_app
from tests.clinics.test_clinic import change
from tests.deliveries.mailbox import HOST, Mailbox, mail_server, mailing
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.serving import free_port
from tests.wire import wired

TWO_AT_NIGHT = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
DANA = {"name": "Dana", "channel": "email", "to": "dana@clinic.example"}
KIM = {"name": "Kim", "channel": "email", "to": "kim@clinic.example"}
NIGHTS = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "20:00", "to": "08:00"}
DAYS = NIGHTS | {"from": "08:00", "to": "20:00"}
URL = "https://needlework.example"
Clock = time_machine.Traveller


@pytest.fixture(name="clock")
def stopped_clock() -> Iterator[Clock]:
    with time_machine.travel(TWO_AT_NIGHT, tick=False) as clock:
        yield clock


@pytest.fixture(name="box")
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box, mailing(f"smtp+plain://{HOST}:{box.port}", public_url=URL):
        yield box


def red_flag(api: Api) -> str:
    """Let a patient report breathlessness, and return the id of the alert."""
    session = api.session()
    path = f"/v1/sessions/{session['id']}/follow-ups"
    said = {"soreness": 4, "red_flags": ["breathlessness"], "comment": "Please call Ada"}
    api.create(path, reported_at="2026-11-03T10:00:00-08:00", **said)
    [alert] = api.get(f"/v1/alerts?session_id={session['id']}").json()["items"]
    return str(alert["id"])


def deliveries(api: Api, alert: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/v1/alerts/{alert}").json()["deliveries"]
    return found


def wait(clinic: Clinic, clock: Clock, minutes: float) -> None:
    """Let minutes pass, with the courier at work every thirty seconds."""
    for _ in range(int(minutes * 2)):
        clock.shift(timedelta(seconds=30))
        deliver_in(clinic.database, clinic.id)


def test_a_red_flag_at_two_is_told_within_a_minute_and_to_the_next_one_after_15(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock
) -> None:
    change(api, alert_recipients=[DANA, KIM])
    alert = red_flag(api)
    wait(clinic, clock, 1)
    assert box.recipients == ["dana@clinic.example"]
    wait(clinic, clock, 14)
    assert box.recipients == ["dana@clinic.example"]
    wait(clinic, clock, 1)
    assert box.recipients == ["dana@clinic.example", "kim@clinic.example"]
    assert [
        (each["to"], each["channel"], each["status"], each["attempts"], each["reason"])
        for each in deliveries(api, alert)
    ] == [("Dana", "email", "sent", 1, None), ("Kim", "email", "sent", 1, None)]


def test_a_message_says_what_follows_it(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock
) -> None:
    change(api, alert_recipients=[DANA, KIM])
    red_flag(api)
    wait(clinic, clock, 77)
    first, last, again = box.texts
    assert "within 15 minutes, the next person is told." in first
    assert "the messages begin again after an hour." in last
    assert "next person" not in last
    assert again.endswith(first.splitlines()[-1] + "\n")


def test_a_message_has_a_link_and_nothing_about_the_patient(
    api: Api, clinic: Clinic, box: Mailbox
) -> None:
    change(api, alert_recipients=[DANA], time_zone="America/Vancouver")
    alert = red_flag(api)
    deliver_in(clinic.database, clinic.id)
    [text], [mail] = box.texts, box.mails
    assert f"{URL}/console/alerts/{alert}" in text
    assert "late" not in text
    for word in ("breath", "Ada", "red flag", "sore", "dry needling"):
        assert word not in f"{mail['Subject']} {text}"


def test_those_on_duty_are_told_first_on_the_clinics_clock(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock
) -> None:
    change(
        api,
        time_zone="Europe/Zurich",
        alert_recipients=[DANA | {"hours": [DAYS]}, KIM | {"hours": [NIGHTS]}],
    )
    red_flag(api)
    deliver_in(clinic.database, clinic.id)
    assert box.recipients == ["kim@clinic.example"]  # it is three o'clock in Zurich
    clock.move_to(TWO_AT_NIGHT.replace(hour=7))  # and now eight
    red_flag(api)
    deliver_in(clinic.database, clinic.id)
    assert box.recipients[1:] == ["dana@clinic.example", "dana@clinic.example"]


def test_after_an_acknowledgement_nobody_is_told(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock
) -> None:
    change(api, alert_recipients=[DANA, KIM])
    first, second = red_flag(api), red_flag(api)
    api.post(f"/v1/alerts/{first}/acknowledge", {"action": "called"})
    deliver_in(clinic.database, clinic.id)
    assert [len(deliveries(api, each)) for each in (first, second)] == [0, 1]
    api.post(f"/v1/alerts/{second}/acknowledge", {"action": "seen"})
    wait(clinic, clock, 90)
    assert box.recipients == ["dana@clinic.example"]


def test_after_a_day_without_a_mail_server_each_gets_one_message_the_first_says_it_is_late(
    api: Api, clinic: Clinic, clock: Clock
) -> None:
    change(api, alert_recipients=[DANA, KIM], time_zone="America/Vancouver")
    with mailing(f"smtp+plain://{HOST}:{free_port()}"):
        alert = red_flag(api)
        for _ in range(24 * 4):
            deliver_in(clinic.database, clinic.id)
            clock.shift(timedelta(minutes=15))
    down = sorted(deliveries(api, alert), key=itemgetter("to"))  # the clock stood still
    assert [(each["to"], each["status"]) for each in down] == [
        ("Dana", "failed"),
        ("Kim", "failed"),
    ]
    assert down[0]["reason"] == "The mail server can't be reached."
    assert down[0]["attempts"] > 50
    with mail_server() as box, mailing(f"smtp+plain://{HOST}:{box.port}"):
        wait(clinic, clock, 40)
        assert box.recipients == ["dana@clinic.example", "kim@clinic.example"]
        first, second = box.texts
    assert "This message is late: it could not be sent for 24 hours" in first
    assert "raised at 2026-11-29 18:00 PST" in first
    assert "late" not in second
    assert "Nobody has acknowledged it yet" in second
    up = sorted(deliveries(api, alert), key=itemgetter("to"))
    assert [(each["to"], each["status"]) for each in up] == [("Dana", "sent"), ("Kim", "sent")]


def test_whoever_cannot_be_reached_is_skipped_at_once(
    api: Api, clinic: Clinic, box: Mailbox
) -> None:
    box.answers["RCPT"] = "550 Unknown"
    change(api, alert_recipients=[DANA, KIM])
    alert = red_flag(api)
    deliver_in(clinic.database, clinic.id)
    assert {(each["to"], each["status"], each["reason"]) for each in deliveries(api, alert)} == {
        (name, "failed", "The mail server refused the recipient's address.")
        for name in ("Dana", "Kim")
    }


def test_recipients_who_are_set_later_are_told_late(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock
) -> None:
    alert = red_flag(api)
    wait(clinic, clock, 10)
    assert (box.mails, deliveries(api, alert)) == ([], [])
    change(api, alert_recipients=[DANA])
    deliver_in(clinic.database, clinic.id)
    assert "This message is late" in box.texts[0]


def test_two_couriers_never_send_the_same_message(api: Api, clinic: Clinic, box: Mailbox) -> None:
    change(api, alert_recipients=[DANA])
    alerts = [red_flag(api) for _ in range(6)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(deliver_in, [clinic.database] * 3, [clinic.id] * 3))
    sent = sorted(text.rpartition("/console/alerts/")[2][:36] for text in box.texts)
    assert sent == sorted(alerts)


def test_the_claim_of_a_courier_that_died_ends_after_two_minutes(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(api, alert_recipients=[DANA])
    alert = red_flag(api)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(channels, "send", die)
        with pytest.raises(KeyboardInterrupt):
            deliver_in(clinic.database, clinic.id)
    wait(clinic, clock, 1.5)
    assert box.mails == []
    wait(clinic, clock, 0.5)
    assert box.recipients == ["dana@clinic.example"]
    assert [each["attempts"] for each in deliveries(api, alert)] == [1]


def test_a_message_that_was_sent_but_not_recorded_is_repeated_with_the_same_id(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(api, alert_recipients=[DANA])
    red_flag(api)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(courier, "_write_down", die)
        with pytest.raises(KeyboardInterrupt):
            deliver_in(clinic.database, clinic.id)
    wait(clinic, clock, 3)
    assert len(box.mails) == 2
    assert len({mail["Message-ID"] for mail in box.mails}) == 1


def test_what_was_never_tried_does_not_wait_for_those_who_cannot_be_reached(
    api: Api, clinic: Clinic, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(api, alert_recipients=[DANA])
    tried: list[str] = []

    def fail(message: Any, *_: object) -> None:
        tried.append(str(message.resource_id))
        raise Undelivered("The mail server did not answer in time.")

    monkeypatch.setattr(channels, "send", fail)
    old = [red_flag(api) for _ in range(3)]
    deliver_in(clinic.database, clinic.id)
    assert sorted(tried) == sorted(old)
    clock.shift(timedelta(minutes=5))
    new = red_flag(api)
    deliver_in(clinic.database, clinic.id)
    assert tried[3] == new


def test_nobody_waits_behind_a_mail_server_that_is_silent(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager = {"name": "Pager", "channel": "post", "to": "https://pager.clinic.example/"}
    change(api, alert_recipients=[DANA, pager])
    tried: list[str] = []

    def send(_: Any, recipient: Any, *_more: object) -> None:
        tried.append(recipient["name"])
        if recipient["name"] == "Dana":
            raise Undelivered("The mail server did not answer in time.")

    monkeypatch.setattr(channels, "send", send)
    monkeypatch.setattr(courier, "SLOW_S", 0.0)
    alerts = [red_flag(api) for _ in range(3)]
    deliver_in(clinic.database, clinic.id)
    assert sorted(tried) == ["Dana", "Pager", "Pager", "Pager"]
    for alert in alerts:
        found = {each["to"]: each["status"] for each in deliveries(api, alert)}
        assert found == {"Dana": "failed", "Pager": "sent"}


def test_the_ledger_says_who_was_told_and_names_no_address(
    api: Api, clinic: Clinic, box: Mailbox, clock: Clock
) -> None:
    change(api, alert_recipients=[DANA])
    box.answers["DATA"] = "451 Later"
    alert = red_flag(api)
    deliver_in(clinic.database, clinic.id)
    wait(clinic, clock, 10)  # further failures make no further entry
    box.answers.clear()
    wait(clinic, clock, 15)
    entries = api.get("/v1/audit/entries?limit=200").json()["items"]
    said = [each["reason"] for each in entries if each["operation"] == "deliveries.send"]
    assert sorted(said) == [
        "not sent to Dana by email: The mail server put off the message.",
        "sent to Dana by email",
    ]
    assert {each["resource_id"] for each in entries if each["reason"] in said} == {alert}


def test_an_item_that_was_erased_while_it_was_sent_leaves_no_delivery(
    api: Api, clinic: Clinic, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(api, alert_recipients=[DANA])
    red_flag(api)
    send: Callable[..., None] = channels.send

    def erase(*given: Any) -> None:
        send(*given)
        with clinic.database.writing(clinic.id) as db:
            db.execute(delete(OutboxItem).where(OutboxItem.clinic_id == clinic.id))

    monkeypatch.setattr(channels, "send", erase)
    deliver_in(clinic.database, clinic.id)
    assert len(box.mails) == 1


def test_each_turn_sends_what_is_due_in_each_clinic_whatever_its_ledger_and_counts_what_waits(
    database: Database, box: Mailbox, clock: Clock, tmp_path: Path
) -> None:
    with migrated_like(database, tmp_path) as own, wired(create_app(own), URL) as wire:
        clinics = [create_clinic(own) for _ in range(3)]
        apis = [Api(wire, clinic.key()) for clinic in clinics]
        for api, recipients in zip(apis, ([DANA], [KIM], []), strict=True):
            change(api, alert_recipients=recipients)
            red_flag(api)
        with own.owning() as db, db.begin():  # somebody damages the ledger of the first clinic
            db.execute(delete(LedgerHead).where(LedgerHead.clinic_id == clinics[0].id))
        clock.shift(timedelta(seconds=30))
        deliver(own)
        assert sorted(box.recipients) == ["dana@clinic.example", "kim@clinic.example"]
        clock.shift(timedelta(minutes=5))
        deliver(own)
        assert len(box.mails) == 2
        metrics = wire.get("/metrics").text
    assert "needlework_messages_waiting 1.0" in metrics
    assert "needlework_messages_oldest_seconds 330.0" in metrics
