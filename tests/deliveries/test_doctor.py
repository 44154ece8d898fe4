"""`doctor` says whether people are told of alerts, and what to do if they aren't."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.clinics import service
from app.core.db.database import Database
from app.core.values.clock import now
from app.deliveries import service as deliveries
from tests.cli.program import url_of, within
from tests.clinics.test_recipients import DANA, PAGER
from tests.deliveries.mailbox import HOST, mail_server, mailing
from tests.ground import Clinic, create_clinic, migrated_like
from tests.serving import free_port


def checks(
    own: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, tuple[str, str]]:
    """Return the state and the finding of each check."""
    found = within(monkeypatch, capsys, url_of(own), "doctor", "--json").data
    return {each["check"]: (each["state"], each["found"]) for each in found}


def tell(clinic: Clinic, *recipients: object) -> None:
    with clinic.database.writing(clinic.id) as db:
        op = clinic.operation("clinics.update")
        op.if_match = '"1"'
        op.begin(db)
        service.change(op, {"alert_recipients": list(recipients)})
        op.finish()


def test_doctor_checks_recipients_the_mail_server_and_what_waits(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with migrated_like(database, tmp_path) as own:
        clinic = create_clinic(own)
        found = checks(own, monkeypatch, capsys)
        nobody = "1 of 1 clinics have nobody who is told of alerts"
        assert found["recipients"] == ("warning", nobody)
        assert not found.keys() & {"mail", "posts", "messages"}
        tell(clinic, DANA, PAGER)
        found = checks(own, monkeypatch, capsys)
        assert found["mail"][0] == found["posts"][0] == "broken"
        assert found["messages"] == ("ok", "none waits for more than 15 minutes")
        with mailing(f"smtp+plain://{HOST}:{free_port()}", post_key="k" * 32):
            found = checks(own, monkeypatch, capsys)
        assert found["mail"] == ("broken", "The mail server can't be reached.")
        assert not found.keys() & {"recipients", "posts"}
        op = clinic.operation()
        op.at = now() - timedelta(minutes=16)
        with own.writing(clinic.id) as db:
            op.begin(db)
            deliveries.announce(op, "alerts", clinic.id)
        with mailing("log:"):
            found = checks(own, monkeypatch, capsys)
        assert found["mail"][0] == "warning"
        assert "nobody was told" in found["mail"][1]
        with mail_server() as box, mailing(f"smtp+plain://{HOST}:{box.port}"):
            found = checks(own, monkeypatch, capsys)
        assert found["mail"] == ("ok", "the mail server answers")
        waits = f"1 open alerts of which nobody was told, since {op.at:%Y-%m-%d %H:%M}Z"
        assert found["messages"] == ("broken", waits)
