"""How alembic reaches the database, and what it compares it with."""

from alembic import context
from sqlalchemy import Connection, text

import app.main
import app.retention.models  # noqa: F401 - with it, every table is known
from app.core.db.database import Database
from app.core.db.schema import grant
from app.core.db.tables import Table
from app.core.db.timeouts import lift_timeouts
from app.settings import settings

SETTINGS = (
    # A migration waits this long for a table at most, so that it can't queue up the whole clinic.
    "SET LOCAL lock_timeout = '2s'",
    "SET LOCAL statement_timeout = '15min'",
    # An owner whom the walls hold is told so, where a step would silently pass over rows.
    "SET LOCAL row_security = off",
)


def run(db: Connection) -> None:
    """Migrate over an open connection, in one transaction."""
    if not db.in_transaction():
        db.begin()  # else alembic commits each step on SQLite, and another program may get between
    context.configure(
        connection=db,
        target_metadata=Table.metadata,
        compare_server_default=True,
    )
    with context.begin_transaction():
        if db.dialect.name == "postgresql":
            for setting in SETTINGS:
                db.execute(text(setting))
        context.run_migrations()
        if db.dialect.name == "postgresql" and is_newest():
            grant(db)


def is_newest() -> bool:
    """Whether the database is at the newest migration now: a downgrade leaves it elsewhere."""
    at = context.get_context().get_current_revision()
    return at == context.get_head_revision()


def run_offline() -> None:
    """Write the SQL for PostgreSQL instead of running it."""
    context.configure(dialect_name="postgresql", target_metadata=Table.metadata, literal_binds=True)
    with context.begin_transaction():
        for setting in SETTINGS:
            context.execute(setting)
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    database = Database(settings().database_url)
    with database.owning() as connection:
        lift_timeouts(connection)
        run(connection)
        connection.commit()
    database.close()
