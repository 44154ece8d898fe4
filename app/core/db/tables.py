"""The base of all tables: rows of one clinic, instants in UTC, checked vocabularies."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Float,
    LargeBinary,
    MetaData,
    SmallInteger,
    TypeDecorator,
    Uuid,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from typing_extensions import TypeAliasType

from app.core.values.vocabularies import words_of

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
OFFSET = "_offset_min"
# The last of `__table_args__`, for tables whose rows only their owner may change or remove.
APPEND_ONLY = {"info": {"append_only": True}}


class Instant(TypeDecorator[datetime]):
    """A point in time: aware in Python, timestamptz in PostgreSQL, UTC text in SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Use timestamptz in PostgreSQL, and naive UTC in SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    @property
    def python_type(self) -> type[datetime]:
        """The type in Python."""
        return datetime

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Make the value aware. PostgreSQL's driver does this itself."""
        if dialect.name == "postgresql":
            return None
        read = dialect.type_descriptor(DateTime()).result_processor(dialect, coltype)

        def aware(value: Any) -> datetime | None:
            instant = value if read is None else read(value)
            return None if instant is None else instant.replace(tzinfo=UTC)

        return aware


class Table(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant(),
        date: Date(),
        UUID: Uuid(),
        float: Float(53),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(none_as_null=True).with_variant(
            JSONB(none_as_null=True), "postgresql"
        ),
        list[Any]: JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"),
    }


class ClinicOwned(Table):
    """A row of one clinic. The clinic leads its primary key, so no key can cross clinics."""

    __abstract__ = True

    clinic_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-100)


class Record(ClinicOwned):
    """A record that clients see: it has an id, a version and a digest of its first content."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-99)
    version: Mapped[int] = mapped_column(sort_order=90)
    created_at: Mapped[datetime] = mapped_column(sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(sort_order=92)
    created_from: Mapped[bytes] = mapped_column(LargeBinary(32), sort_order=93)
    """SHA-256 of the content at its creation. It shows whether a create is repeated."""


def offset_of(*, optional: bool = False) -> Mapped[Any]:
    """The column beside an instant: the sender's UTC offset, in minutes east."""
    return mapped_column(SmallInteger, nullable=optional)


def one_of(column: str, vocabulary: TypeAliasType) -> CheckConstraint:
    """Return a check that a text column holds a word of a vocabulary."""
    listed = ", ".join(f"'{word}'" for word in words_of(vocabulary))
    return CheckConstraint(literal_column(f'"{column}" IN ({listed})'), name=f"{column}_known")


def minutes_east(moment: datetime) -> int:
    """Return the UTC offset of an aware instant, in minutes."""
    return int((moment.utcoffset() or timedelta()).total_seconds() // 60)


_ZONES = {minutes: timezone(timedelta(minutes=minutes)) for minutes in range(-1439, 1440)}
_ZONES[0] = UTC


def at_offset(instant: datetime, offset_min: int) -> datetime:
    """Return the same instant at the UTC offset of its sender."""
    return instant.astimezone(_ZONES[offset_min])
