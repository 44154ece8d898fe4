"""A clinic's own file from before an upgrade is imported after it, and changes nothing."""

import json
from pathlib import Path
from typing import Any

from alembic import command

from app.core.db import schema
from app.core.db.database import Database
from app.core.operation import perform
from app.core.values.clock import uuid7
from app.core.values.wire import texts_in, validated
from app.main import create_app
from app.records.service import create
from app.transfer.bodies import READERS
from tests.core.test_migrations import alembic
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.transfer.exported import export, fill
from tests.transfer.test_imports import counts, imported, lines
from tests.wire import wired

Row = dict[str, Any]
BEFORE_THE_RULES = "0013"
"""Since migration 0014 a text is trimmed, composed and not blank."""
BLANK = " \u200b"
AT = "2026-11-01T10:00:00-08:00"


def old_rows() -> list[Row]:
    """Rows that break rules that are younger, by their texts or because a name is missing."""
    patient, practitioner, session = (str(uuid7()) for _ in range(3))
    needling = {
        "muscle": "infraspinatus",
        "side": "left",
        "stopped_for": BLANK,
        "needle": {"lot": " A  1 "},
    }
    return [
        {"type": "patient", "id": patient, "given_name": BLANK, "family_name": " N\u0303  a "},
        {"type": "practitioner", "id": practitioner, "status": "active"},
        {"type": "episode", "id": str(uuid7()), "patient_id": patient, "complaint": BLANK}
        | {"opened_at": AT, "goals": [BLANK]},
        {"type": "session", "id": session, "patient_id": patient, "practitioner_id": practitioner}
        | {"occurred_at": AT, "setting": BLANK, "note": BLANK, "status": "signed"}
        | {"signed_at": AT, "signed_by": BLANK, "technique": "gunn_ims", "needlings": [needling]},
        {"type": "follow_up", "id": str(uuid7()), "session_id": session, "soreness": 3}
        | {"reported_at": "2026-11-02T10:00:00-08:00", "comment": BLANK},
    ]


def store(clinic: Clinic, rows: list[Row]) -> None:
    """Store rows as an earlier version did: texts as they are, and practitioners without names."""
    items = []
    for row in rows:
        reader = READERS[row["type"]]
        kind, model = reader.kind, reader.body
        whole = {**row, "given_name": "x"} if row["type"] == "practitioner" else row
        body = validated(model, json.dumps(whole).encode(), texts_in(row))
        if whole is not row:
            body = body.model_copy(update={"given_name": None})
        items.append((kind, body))
    op = clinic.operation("imports.create")
    outcomes = perform(clinic.database, op, lambda: create(op, items))
    assert [each.problem for each in outcomes] == [None] * len(rows)


def id_in(line: bytes) -> bytes:
    return str(json.loads(line)["id"]).encode()


def test_its_own_file_from_before_an_upgrade_creates_and_rejects_nothing(
    database: Database, tmp_path: Path
) -> None:
    with migrated_like(database, tmp_path) as own, wired(create_app(own)) as wire:
        clinic = create_clinic(own)
        api = Api(wire, clinic.key())
        fill(api)
        sent = old_rows()
        store(clinic, sent)
        exported = export(api, "records.ndjson").content
        alembic(own, command.downgrade, BEFORE_THE_RULES)
        schema.migrate(own)
        upgraded = export(api, "records.ndjson").content
        # The downgrade dropped what that version didn't have, such as terms.
        old = [line for line in exported.splitlines(keepends=True) if id_in(line) in upgraded]
        for file in (b"".join(old), upgraded, lines(sent)):
            number = file.count(b"\n")
            for query in ("?dry_run=true", ""):
                report = imported(api, file, query)
                assert counts(report) == (0, number, 0), report["errors"]
        assert export(api, "records.ndjson").content == upgraded


def test_a_stored_row_that_breaks_a_rule_is_rejected_once_it_differs(
    api: Api, clinic: Clinic
) -> None:
    rows = old_rows()
    store(clinic, rows)
    for row, member, value in (
        (rows[0], "given_name", "Ada"),
        (rows[1], "status", "inactive"),
        (rows[2], "goals", [BLANK, "Walk"]),
        (rows[3], "duration_min", 30),
        (rows[4], "soreness", 4),
    ):
        assert counts(imported(api, lines([row]))) == (0, 1, 0)
        assert counts(imported(api, lines([{**row, member: value}]))) == (0, 0, 1)
