"""`doctor`: check this installation, and say what to do about each fault."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app.cli.backup import MADE
from app.cli.console import (
    FAILED,
    MIGRATE,
    URL,
    AsJson,
    clinic_ids,
    database,
    driver_message,
    in_each_clinic,
    operation,
    print_result,
    reason,
)
from app.cli.doctor_asks import channels_to_patients, check_asks
from app.cli.doctor_paper import check_paper
from app.cli.findings import Finding
from app.clinics.queries import clinic
from app.core.db import schema
from app.core.db.database import Database
from app.core.values.clock import now
from app.core.values.problems import LedgerDamaged, Problem
from app.deliveries import channels, mail
from app.deliveries.errors import Undelivered
from app.deliveries.queries import outboxes
from app.emergencies.queries import unreviewed_series
from app.ledger import signing
from app.ledger.queries import last_security
from app.settings import settings
from app.state.inspection import faults
from app.state.queries import differences, walked

SQLITE_SAFE: Final = (3, 51, 3)
"""The first version without the WAL-reset bug, which can occur with several writing processes."""
POSTGRESQL_OLDEST: Final = 150_000
FREE_MIN_BYTES: Final = 512 * 1024 * 1024
SKEW_MAX_S: Final = 5
BACKUP_AGE_MAX: Final = timedelta(days=2)
WALK_AGE_MAX: Final = timedelta(days=2)
UNTOLD_MAX: Final = timedelta(minutes=15)
SHOWN: Final = 100
ALTERED: Final = (
    "Somebody changed the database outside the program. See docs/operator.md, State and ledger."
)
SEE_MESSAGES: Final = "See docs/operator.md, Messages about alerts."
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def doctor(
    *,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Also compare every row and ledger entry. It reads the whole database."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check this installation: database, records, role, durability, key, backup, clock, disk."""
    with database(migrated=False) as opened:
        findings = list(_examine(opened, deep=deep))
    lines = (
        f"{f.state:8} {f.check}: {f.found}" + (f"\n         → {f.remedy}" if f.remedy else "")
        for f in findings
    )
    print_result([f._asdict() for f in findings], as_json=as_json, text="\n".join(lines))
    if any(f.state == "broken" for f in findings):
        raise typer.Exit(FAILED)


def _examine(opened: Database, *, deep: bool) -> Iterator[Finding]:
    if opened.file is not None and not opened.file.exists():
        yield Finding(
            "database", "broken", f"none at {opened.file}", f"{MIGRATE}, or correct {URL}."
        )
        return
    try:
        with opened.reading() as db:
            db.execute(text("SELECT 1"))
    except (Problem, SQLAlchemyError) as error:
        found = reason(error) if isinstance(error, Problem) else driver_message(error)
        remedy = f"Start the database, or correct {URL}."
        yield Finding("database", "broken", found, remedy)
        return
    yield Finding("database", "ok", f"{opened.engine.dialect.name} answers")
    migration = _migration(opened)
    yield migration
    if migration.state == "ok":
        yield from _deep(opened) if deep else _state(opened)
        yield from _signing_key(opened)
        yield from _backup(opened)
        yield from _row_security(opened)
        yield from _emergencies(opened)
        yield from _recipients(opened)
        yield from _messages(opened)
        yield from check_asks(opened)
        yield from _time_zones(opened)
    yield from check_paper()
    checks = _sqlite if opened.is_sqlite else _postgresql
    with opened.reading() as db:
        yield from checks(db)
    if opened.is_sqlite:
        yield from _folder(Path(str(opened.engine.url.database)).absolute().parent)


def _migration(opened: Database) -> Finding:
    at = schema.current(opened)
    if at == schema.head():
        return Finding("migration", "ok", f"at {at}, the newest")
    return Finding("migration", "broken", f"at {at or 'none'}, not at {schema.head()}", MIGRATE)


def _state(opened: Database) -> Iterator[Finding]:
    """What the server found while it compared the rows with the ledgers, and until when."""
    late = count = broken = 0
    for op in in_each_clinic(opened, "doctor"):
        for row in differences(op):
            broken += 1
            found = f"clinic {op.clinic_id}: {row.resource} {row.resource_id}: {row.found}"
            yield Finding("state", "broken", found, ALTERED)
        done = walked(op)
        since = clinic(op)["created_at"] if done is None else done.finished_at or done.began_at
        # A time in the future is one that somebody has put there to keep the walk from walking.
        late += abs(now() - since) > WALK_AGE_MAX
        count += 1
    if late:
        found = f"{late} of {count} clinics were not compared with their ledgers within two days"
        remedy = "Keep the server running, or run: python -m app doctor --deep"
        yield Finding("state", "warning", found, remedy)
    elif not broken:
        yield Finding("state", "ok", "the server compares every row with the ledger within a day")


def _deep(opened: Database) -> Iterator[Finding]:
    for clinic_id in clinic_ids(opened):
        op = operation(clinic_id, "doctor")
        with opened.snapshot(clinic_id) as db:
            op.begin(db)
            found = list(islice(faults(op), SHOWN))
        for fault in found:
            yield Finding("state", "broken", f"clinic {clinic_id}: {fault}", ALTERED)
        if not found:
            sound = f"clinic {clinic_id}: every row and entry is as the ledger states"
            yield Finding("state", "ok", sound)


def _signing_key(opened: Database) -> Iterator[Finding]:
    before = {op.clinic_id: signing.last_signed(op) for op in in_each_clinic(opened, "doctor")}
    signed = {clinic_id: note for clinic_id, note in before.items() if note is not None}
    put_back = "Put its copy back. If there is no copy, see docs/audit.md, The signing key, Loss."
    try:
        signing.check_keys()
    except signing.NoSigningKey:
        made = "Create one: python -m app audit key. Until then nothing is signed."
        yield Finding("signing key", "warning", "no readable key", put_back if signed else made)
        return
    strange = False
    for clinic_id, note in signed.items():
        try:
            strange |= not signing.signed_by_us(clinic_id, note)
        except LedgerDamaged as damage:
            # One clinic's damage must not hide what is found of another.
            found = f"clinic {clinic_id}: {damage.finding}"
            yield Finding("signing key", "broken", found, ALTERED)
    if strange:
        found = "not the key that signed before"
        yield Finding("signing key", "warning", found, put_back)
        return
    file = signing.key_file()
    if file is not None and os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & OTHERS:
        remedy = f"Other accounts can read it: chmod 600 {file}"
        yield Finding("signing key", "warning", f"{file}", remedy)
    else:
        yield Finding("signing key", "ok", "there" if file is None else f"{file}")


def _emergencies(opened: Database) -> Iterator[Finding]:
    found = sum(unreviewed_series(op) for op in in_each_clinic(opened, "doctor"))
    if found:
        remedy = "Review it: see Emergency access in docs/operator.md."
        many = f"opened {found} times, four or more within an hour, and not reviewed"
        yield Finding("emergency access", "warning", many, remedy)


def _recipients(opened: Database) -> Iterator[Finding]:
    """Whether each clinic has somebody who is told of alerts, and whether this server can do so."""
    told = [clinic(op)["alert_recipients"] for op in in_each_clinic(opened, "doctor")]
    if not all(told):
        found = f"{told.count([])} of {len(told)} clinics have nobody who is told of alerts"
        yield Finding("recipients", "warning", found, f"Set alert_recipients. {SEE_MESSAGES}")
    used = {each["channel"] for recipients in told for each in recipients}
    used |= channels_to_patients(opened)
    if "email" in used:
        try:
            mail.check()
        except Undelivered as failure:
            level: Literal["warning", "broken"] = "warning" if mail.only_logs() else "broken"
            yield Finding("mail", level, failure.reason, f"Set the mail server. {SEE_MESSAGES}")
        else:
            yield Finding("mail", "ok", "the mail server answers")
    if "post" in used and settings().post_key is None:
        remedy = f"Set NEEDLEWORK_POST_KEY. {SEE_MESSAGES}"
        yield Finding("posts", "broken", channels.NOT_SET, remedy)


def _messages(opened: Database) -> Iterator[Finding]:
    """Whether alerts wait in the clinics that have recipients. `_recipients` names the others."""
    every = [clinic(op) for op in in_each_clinic(opened, "doctor")]
    told = {each["id"] for each in every if each["alert_recipients"]}
    with opened.reading() as db:
        waiting = [outbox for outbox in outboxes(db) if outbox.clinic_id in told and outbox.untold]
    since = min((outbox.untold_since for outbox in waiting if outbox.untold_since), default=now())
    if now() - since > UNTOLD_MAX:
        found = f"{sum(outbox.untold for outbox in waiting)} open alerts of which nobody was told"
        remedy = f"Keep the server running, and see the reasons at /v1/alerts. {SEE_MESSAGES}"
        yield Finding("messages", "broken", f"{found}, since {since:%Y-%m-%d %H:%M}Z", remedy)
    elif told:
        yield Finding("messages", "ok", "none waits for more than 15 minutes")


def _time_zones(opened: Database) -> Iterator[Finding]:
    zones = [clinic(op)["time_zone"] for op in in_each_clinic(opened, "doctor")]
    if zones.count("UTC"):
        remedy = "Set each clinic's own: PATCH /v1/clinic. See Time zone in docs/operator.md."
        found = f"{zones.count('UTC')} of {len(zones)} clinics count their days in UTC"
        yield Finding("time zone", "warning", found, remedy)


def _backup(opened: Database) -> Iterator[Finding]:
    """Age of the oldest last backup of any clinic, from the ledgers."""
    remedy = "Make one every day: python -m app backup FILE. See docs/operator.md."
    last = [last_security(op, MADE) for op in in_each_clinic(opened, "doctor")]
    made = [at for at in last if at is not None]
    if len(made) < len(last):
        found = f"{len(last) - len(made)} of {len(last)} clinics have no backup made by `backup`"
        yield Finding("backup", "warning", found, remedy)
    elif made:
        age = now() - min(made)
        found = f"{age.total_seconds() / 3600:.0f} hours old"
        fresh = age <= BACKUP_AGE_MAX
        yield Finding("backup", "ok" if fresh else "warning", found, None if fresh else remedy)


def _sqlite(db: Connection) -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SQLITE_SAFE:
        yield Finding("sqlite version", "ok", version)
    else:
        remedy = (
            "Before 3.51.3 a bug in the WAL reset can corrupt a database that several processes"
            " write to. Serve with one worker, and don't import while the server runs."
        )
        yield Finding("sqlite version", "warning", version, remedy)
    wanted = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
    remedy = "Something changed the connection's settings: a crash may lose commits."
    for pragma, value in wanted.items():
        found = str(db.execute(text(f"PRAGMA {pragma}")).scalar())
        yield _expect(pragma, found, found == value, remedy)
    found = str(db.execute(text("PRAGMA quick_check(1)")).scalar())
    yield _expect("file", found, found == "ok", "Restore the newest backup.")


def _postgresql(db: Connection) -> Iterator[Finding]:
    def shown(name: str) -> str:
        return str(db.execute(text(f"SHOW {name}")).scalar())

    number, version = int(shown("server_version_num")), shown("server_version")
    yield _expect("server", version, number >= POSTGRESQL_OLDEST, "Use PostgreSQL 15 to 18.")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        found = shown(setting)
        remedy = f"Set {setting} = on: without it a crash may lose or corrupt committed data."
        yield _expect(setting, found, found not in {"off", "local"}, remedy)
    yield _role(db)
    yield from _archive(db, shown("archive_mode"))
    alters = db.execute(
        text("SELECT has_table_privilege(to_regclass('ledger_entries'), 'UPDATE')")
    ).scalar()
    if alters:
        remedy = "Let another role own the tables: see NEEDLEWORK_OWNER_URL in docs/operator.md."
        yield Finding(
            "ledger", "warning", "only a trigger keeps this role from altering it", remedy
        )
    else:
        yield Finding("ledger", "ok", "this role can only append to it")
    began = now()
    there = db.execute(text("SELECT clock_timestamp()")).scalar_one()
    skew_s = abs((there - began).total_seconds())
    remedy = "Synchronize the clocks of both machines with NTP."
    yield _expect("clock", f"{skew_s:.1f} s from the server's", skew_s < SKEW_MAX_S, remedy)


def _role(db: Connection) -> Finding:
    role = text("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = session_user")
    name, is_super = db.execute(role).one()
    if is_super:
        remedy = "Serve as a role of its own: see Two roles on PostgreSQL in docs/operator.md."
        found = f"{name} is a superuser: anybody with its password can do everything"
        return Finding("role", "warning", found, remedy)
    return Finding("role", "ok", name)


def _row_security(opened: Database) -> Iterator[Finding]:
    if opened.is_sqlite:
        return
    with opened.reading() as db:
        held = schema.row_security_applies(db)
    remedy = "Serve as a role without BYPASSRLS: see Two roles on PostgreSQL in docs/operator.md."
    found = (
        "this role sees one clinic's rows at a time"
        if held
        else "this role sees every clinic's rows"
    )
    yield _expect("row-level security", found, held, remedy)


def _archive(db: Connection, mode: str) -> Iterator[Finding]:
    if mode == "off":
        return
    statement = "SELECT last_archived_time, last_failed_time FROM pg_stat_archiver"
    archived, failed = db.execute(text(statement)).one()
    if failed is not None and (archived is None or failed > archived):
        remedy = "See the server's log for the error of archive_command: WAL files are piling up."
        yield Finding("wal archive", "broken", f"failing since {failed:%Y-%m-%d %H:%M}", remedy)
    else:
        since = f"{archived:%Y-%m-%d %H:%M}" if archived else "nothing yet"
        yield Finding("wal archive", "ok", f"last segment: {since}")


def _folder(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    remedy = "Free some space: writes fail when the disk is full."
    yield _expect("disk", f"{free // 2**20:,} MiB free", free >= FREE_MIN_BYTES, remedy)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & OTHERS and os.name == "posix":
        remedy = f"Other accounts can open the database's folder: chmod 700 {folder}"
        yield Finding("folder", "warning", f"mode {mode:o}", remedy)
    else:
        yield Finding("folder", "ok", f"mode {mode:o}")


def _expect(check: str, found: str, sound: bool, remedy: str) -> Finding:  # noqa: FBT001 - what was checked
    return Finding(check, "ok", found) if sound else Finding(check, "broken", found, remedy)
