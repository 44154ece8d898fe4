"""The migration that a database is at, and the way to the newest one."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Uuid, column, inspect, make_url, select, table, text

from app.core.db.database import SERVING_ROLE, Database
from app.core.db.tables import Table
from app.core.db.timeouts import lift_timeouts
from app.settings import settings

ROOT = Path(__file__).parents[3]
# The advisory lock of migrations: several servers may start at once. Any unused number will do.
MIGRATION_LOCK = 7_335_391
_IS_SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
_ROW_SECURITY_APPLIES = text("SELECT row_security_active('patients')")
# All databases of a server share its roles, and several may be migrated at the same time.
_MAKE_ROLE = text(
    f"DO $$ BEGIN CREATE ROLE {SERVING_ROLE};"
    " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
)
_CLINIC_IDS = select(column("clinic_id", Uuid())).select_from(table("clinics"))
# How long a second migration waits for the first one.
LOCK_TIMEOUT = "15min"


def _config() -> Config:
    return Config(ROOT / "alembic.ini")


@lru_cache
def head() -> str:
    """Return the newest migration that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def is_known(revision: str | None) -> bool:
    """Return whether this program knows this migration. It doesn't know a later program's."""
    scripts = ScriptDirectory.from_config(_config())
    return revision in {script.revision for script in scripts.walk_revisions()}


def current(database: Database) -> str | None:
    """Return the migration that a database is at; None before the first one."""
    with database.reading() as db:
        return MigrationContext.configure(db).get_current_revision()


def _check_own(database: Database) -> None:
    """Raise `CommandError` if a SQLite file holds another program's tables."""
    if database.is_sqlite:
        with database.reading() as db:
            tables = inspect(db).get_table_names()
        if tables and "alembic_version" not in tables:
            raise CommandError("it holds another program's tables")


def migrate(database: Database) -> None:
    """Bring a database to the newest migration. Only one program at a time does it.

    Raises `CommandError` if the database belongs to another program or to a later Needlework.
    """
    config = _config()
    _check_own(database)
    with database.owning() as db:
        lift_timeouts(db)
        if not database.is_sqlite:
            db.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            db.execute(text(f"SET statement_timeout = '{LOCK_TIMEOUT}'"))
            db.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
            db.commit()
        config.attributes["connection"] = db
        command.upgrade(config, "head")
        db.commit()
    # Older connections may have rights that the migration has removed.
    database.close()


def row_security_applies(db: Connection) -> bool:
    """Return whether row-level security limits this connection's role to one clinic's rows.

    It limits neither a superuser nor a role with BYPASSRLS. The database must be migrated.
    """
    return bool(db.execute(_ROW_SECURITY_APPLIES).scalar_one())


def grant(db: Connection) -> None:
    """Grant the PostgreSQL roles that serve requests what they need, and revoke the rest.

    They can't change or remove rows of append-only tables, erase a patient's bodies there, or
    switch off the triggers.
    With an `owner_url` in the settings, the role of `database_url` serves. If the migrating role
    is a superuser, `SERVING_ROLE` serves, too: a superuser's connections take it.
    """
    tables = ", ".join(Table.metadata.tables)
    kept = ", ".join(t.name for t in Table.metadata.tables.values() if t.info.get("append_only"))
    for role in _serving_roles(db):
        quoted = db.dialect.identifier_preparer.quote(role)
        for statement in (
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {quoted}",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {kept} FROM {quoted}",
            f"GRANT SELECT ON alembic_version TO {quoted}",
            f"REVOKE EXECUTE ON FUNCTION erase_ledger_bodies(uuid, uuid) FROM {quoted}",
        ):
            db.execute(text(statement))


def _serving_roles(db: Connection) -> Iterator[str]:
    if settings().owner_url is not None:
        role = make_url(settings().database_url).username
        if role is not None:
            yield role
    if db.execute(_IS_SUPERUSER).scalar_one():
        db.execute(_MAKE_ROLE)
        yield SERVING_ROLE


def each_clinic(db: Connection) -> Iterator[UUID]:
    """Yield the id of each clinic in a migration. The rows of that clinic can be read and written.

    A migration runs without row-level security, so that a policy never hides rows from it. Where
    the policies apply to the owner too, it is inside one clinic at a time.
    """
    is_postgresql = db.dialect.name == "postgresql"
    if is_postgresql:
        db.execute(text("SET LOCAL row_security = on"))
    for clinic_id in db.execute(_CLINIC_IDS).scalars().all():
        if is_postgresql:
            db.execute(text(f"SET LOCAL app.clinic = '{clinic_id}'"))
        yield clinic_id
    if is_postgresql:
        db.execute(text("SET LOCAL app.clinic = ''; SET LOCAL row_security = off"))
