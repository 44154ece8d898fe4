"""Which migration a database is at, and how it gets to the newest."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, make_url, text

from app.core.db.database import SERVING_ROLE, Database
from app.core.db.tables import Table
from app.core.db.timeouts import lift_timeouts
from app.settings import settings

ROOT = Path(__file__).parents[3]
# Any number that nobody else locks; several servers may start at once.
MIGRATION_LOCK = 7_335_391
_IS_SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
_IS_BOUND = text("SELECT row_security_active('patients')")
# All databases of a server share its roles, and several may be migrated at once.
_MAKE_ROLE = text(
    f"DO $$ BEGIN CREATE ROLE {SERVING_ROLE};"
    " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
)
# How long a second one waits for the first.
PATIENCE = "15min"


def _config() -> Config:
    return Config(ROOT / "alembic.ini")


@lru_cache
def head() -> str:
    """The newest migration that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def known(revision: str | None) -> bool:
    """Whether this program knows this migration; that of a later program it doesn't."""
    scripts = ScriptDirectory.from_config(_config())
    return revision in {script.revision for script in scripts.walk_revisions()}


def current(database: Database) -> str | None:
    """The migration that a database is at; None before its first."""
    with database.reading() as db:
        return MigrationContext.configure(db).get_current_revision()


def _check_own(database: Database) -> None:
    """A SQLite file that holds another program's tables was named by mistake."""
    if database.is_sqlite:
        with database.reading() as db:
            tables = inspect(db).get_table_names()
        if tables and "alembic_version" not in tables:
            raise CommandError("it holds another program's tables")


def migrate(database: Database) -> None:
    """Bring a database to the newest migration, one program at a time.

    `CommandError` where it is not Needlework's database, or a later Needlework's.
    """
    config = _config()
    _check_own(database)
    with database.owning() as db:
        lift_timeouts(db)
        if not database.is_sqlite:
            db.execute(text(f"SET lock_timeout = '{PATIENCE}'"))
            db.execute(text(f"SET statement_timeout = '{PATIENCE}'"))
            db.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
            db.commit()
        config.attributes["connection"] = db
        command.upgrade(config, "head")
        db.commit()
    # Connections of before may have rights that from now on none is to have.
    database.close()


def holds_to_one_clinic(db: Connection) -> bool:
    """Whether PostgreSQL keeps this connection's role to one clinic's rows.

    It keeps no superuser to them, and no role with BYPASSRLS. The database has to be migrated.
    """
    return bool(db.execute(_IS_BOUND).scalar_one())


def grant(db: Connection) -> None:
    """Give the PostgreSQL role that serves what it needs, and take from it what it doesn't.

    It can't change or remove what is append-only, nor switch off the triggers that say so. It is
    the role of the settings' `database_url`, if that of `owner_url` owns the tables; and one of
    our own, as which every superuser acts.
    """
    tables = ", ".join(Table.metadata.tables)
    kept = ", ".join(t.name for t in Table.metadata.tables.values() if t.info.get("append_only"))
    for role in _serving(db):
        quoted = db.dialect.identifier_preparer.quote(role)
        for statement in (
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {quoted}",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {kept} FROM {quoted}",
            f"GRANT SELECT ON alembic_version TO {quoted}",
            f"GRANT EXECUTE ON FUNCTION erase_ledger_bodies(uuid, uuid) TO {quoted}",
        ):
            db.execute(text(statement))


def _serving(db: Connection) -> Iterator[str]:
    if settings().owner_url is not None:
        role = make_url(settings().database_url).username
        if role is not None:
            yield role
    if db.execute(_IS_SUPERUSER).scalar_one():
        db.execute(_MAKE_ROLE)
        yield SERVING_ROLE
