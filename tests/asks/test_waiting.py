"""`doctor` and the metrics say whether patients can be asked, and which asks wait."""

from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from prometheus_client import REGISTRY

from app.asks.service import actions
from app.asks.service.sending import ask_all
from app.core.db.database import Database
from app.core.operation import perform
from app.main import create_app
from tests.asks.asked import ENDED_AT, HOUR, consent, signed
from tests.deliveries.mailbox import HOST, mail_server, mailing
from tests.deliveries.test_doctor import checks
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.wire import wired

DAY = 24 * HOUR
WHO = ("email", "post")


def two_to_ask(own: Database) -> tuple[Clinic, dict[str, str]]:
    """A clinic with a patient to ask by each channel."""
    clinic = create_clinic(own)
    patients = {}
    with wired(create_app(own)) as wire:
        api = Api(wire, clinic.key())
        api.live_in("America/Vancouver")
        for channel in WHO:
            patients[channel] = api.patient()["id"]
            consent(api, patients[channel], channel=channel)
            signed(api, patients[channel])
    return clinic, patients


def counted(own: Database) -> tuple[float | None, float | None]:
    """Let the asker take a turn, then count what waited at its beginning."""
    ask_all(own)
    names = ("needlework_asks_waiting", "needlework_asks_oldest_seconds")
    waiting, oldest_s = (REGISTRY.get_sample_value(name) for name in names)
    return waiting, oldest_s


def test_doctor_and_metrics_say_whether_patients_can_be_asked_and_what_waits(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    clock: time_machine.Traveller,
) -> None:
    with migrated_like(database, tmp_path) as own:
        create_clinic(own)
        assert not checks(own, monkeypatch, capsys).keys() & {"asks", "patients' page", "mail"}
        clinic, patients = two_to_ask(own)
        found = checks(own, monkeypatch, capsys)
        assert {found[name][0] for name in ("mail", "posts")} == {"broken"}
        page = "1 of 2 clinics have patients to ask, but patients reach no page"
        assert found["patients' page"] == ("broken", page)
        sender = "1 of 2 clinics have patients to ask by a sender, but name none"
        assert found["patients' sender"] == ("broken", sender)
        assert found["asks"] == ("ok", "none is past its time by more than 15 minutes")
        assert counted(own) == (0, 0)
        for minutes in (0, 20):
            clock.move_to(ENDED_AT + DAY + minutes * HOUR / 60)
            assert counted(own) == (2, minutes * 60)
        waits = f"2 asks are past their time, since {ENDED_AT + DAY:%Y-%m-%d %H:%M}Z"
        assert checks(own, monkeypatch, capsys)["asks"] == ("broken", waits)
        op = clinic.operation()
        perform(own, op, lambda: actions.stop(op, UUID(patients["post"]), "post", "test"))
        clock.move_to(ENDED_AT + DAY + HOUR)
        with (
            mail_server() as box,
            mailing(f"smtp+plain://{HOST}:{box.port}", public_url="https://needlework.example"),
        ):
            assert counted(own) == (1, 3600)
            assert counted(own) == (0, 0)
            found = checks(own, monkeypatch, capsys)
        assert found["asks"] == ("ok", "none is past its time by more than 15 minutes")
        assert found["mail"] == ("ok", "the mail server answers")
        assert not found.keys() & {"posts", "patients' page", "patients' sender"}
