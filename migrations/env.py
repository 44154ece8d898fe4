"""How alembic reaches the database, and what it compares it with."""

from alembic import context
from sqlalchemy import Connection, text

import app.main
import app.retention.models  # noqa: F401 - with it, every table is known
from app.core.database import Database
from app.core.patience import be_patient
from app.core.tables import Table
from app.settings import settings

# A migration waits this long for a table at most, so that it can't queue up the whole clinic.
TIMEOUTS = ("SET LOCAL lock_timeout = '2s'", "SET LOCAL statement_timeout = '15min'")


def run(db: Connection) -> None:
    """Migrate over an open connection."""
    context.configure(
        connection=db,
        target_metadata=Table.metadata,
        compare_server_default=True,
    )
    with context.begin_transaction():
        if db.dialect.name == "postgresql":
            for timeout in TIMEOUTS:
                db.execute(text(timeout))
        context.run_migrations()


def run_offline() -> None:
    """Write the SQL for PostgreSQL instead of running it."""
    context.configure(dialect_name="postgresql", target_metadata=Table.metadata, literal_binds=True)
    with context.begin_transaction():
        for timeout in TIMEOUTS:
            context.execute(timeout)
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    database = Database(settings().database_url)
    with database.engine.connect() as connection:
        be_patient(connection)
        run(connection)
        connection.commit()
    database.close()
