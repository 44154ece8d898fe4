"""A clinic's own rows of vocabularies.

Revision 0017, after 0016. Codes that no vocabulary knows become own rows, with entries in the
ledger. The records that have such codes stay as they are. Owners may write own rows, and so may
whoever writes the clinic's thresholds; whoever reads the muscles may read the vocabularies.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db.schema import each_clinic
from app.core.values.clock import uuid7_at
from app.core.values.text import word_key
from app.ledger.format import entry
from app.vocabularies.queries import published_code
from app.vocabularies.rules import VocabularyName, own_code

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
VOCABULARIES: tuple[VocabularyName, ...] = (
    "regions",
    "event_kinds",
    "contraindications",
    "co_interventions",
    "aftercare",
)
SEVERITIES = ("mild", "significant", "serious")
STATUSES = ("active", "inactive")
ACTOR = "server:upgrade"
SOURCE = "in records from before the vocabulary"
# The scopes that the holder of a scope gets.
GIVEN = {"muscles:read": {"vocabularies:read"}, "thresholds:write": {"vocabularies:write"}}
OWNERS_SCOPES = {"vocabularies:read", "vocabularies:write"}
RESOURCES = {
    "api_key": "clients",
    "backend": "clients",
    "device": "devices",
    "identity": "identities",
    "owner": "owners",
}


def table(called: str, /, **columns: Any) -> sa.TableClause:
    named = {"clinic_id": sa.Uuid(), **columns}
    return sa.table(called, *(sa.column(name, type_) for name, type_ in named.items()))


HEADS = table("ledger_heads", size=sa.BigInteger())
ENTRIES = table(
    "ledger_entries",
    number=sa.BigInteger(),
    kind=sa.String(),
    operation=sa.String(),
    at=INSTANT,
    actor=sa.String(),
    client=sa.Uuid(),
    request_id=sa.String(),
    resource=sa.String(),
    resource_id=sa.Uuid(),
    patient_id=sa.Uuid(),
    version=sa.Integer(),
    reason=sa.Text(),
    body=sa.Text(),
    salt=sa.LargeBinary(),
    body_digest=sa.LargeBinary(),
    leaf=sa.LargeBinary(),
)
CLIENTS = table("clients", id=sa.Uuid(), kind=sa.String(), scopes=JSON, revoked_at=INSTANT)
TOKENS = table("access_tokens", digest=sa.LargeBinary(), scopes=JSON)
TERMS = table(
    "terms",
    id=sa.Uuid(),
    vocabulary=sa.String(),
    code=sa.String(),
    name=sa.String(),
    synonyms=JSON,
    concern=JSON,
    source=sa.String(),
    status=sa.String(),
    version=sa.Integer(),
    created_at=INSTANT,
    updated_at=INSTANT,
    created_from=sa.LargeBinary(),
)
WORDS = table(
    "term_words",
    vocabulary=sa.String(),
    word=sa.String(),
    term_id=sa.Uuid(),
    position=sa.Integer(),
)
EPISODES = table("episodes", region=sa.String())
THRESHOLDS = table("thresholds", region=sa.String())
EVENTS = table("adverse_events", kind=sa.String())
SCREENINGS = table("screenings", answers=JSON)
SESSIONS = table("sessions", co_interventions=JSON, aftercare=JSON)
Stated = tuple[str, dict[str, Any]]


def upgrade() -> None:
    op.create_table(
        "terms",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vocabulary", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("synonyms", JSON, nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("severity", sa.String(length=16), nullable=True),
        sa.Column("attribution_days", sa.SmallInteger(), nullable=True),
        sa.Column("concern", JSON, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        one_of("vocabulary", VOCABULARIES),
        one_of("severity", SEVERITIES),
        one_of("status", STATUSES),
        sa.PrimaryKeyConstraint("clinic_id", "id"),
    )
    op.create_index("ix_terms_vocabulary", "terms", ["clinic_id", "vocabulary", "id"])
    op.create_table(
        "term_words",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("vocabulary", sa.String(length=32), nullable=False),
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "term_id"],
            ["terms.clinic_id", "terms.id"],
            name="fk_term_words_clinic_id_term_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "vocabulary", "word", name="pk_term_words"),
    )
    op.create_index("ix_term_words_term", "term_words", ["clinic_id", "term_id"])
    if op.get_context().dialect.name == "postgresql":
        for name in ("terms", "term_words"):
            op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_clinic ON {name} USING (clinic_id = {CLINIC})")
    if op.get_context().as_sql:
        return  # the own rows need the records, which no script has
    db, at = op.get_bind(), datetime.now(UTC)
    for clinic_id in each_clinic(db):
        stated = [*own_rows(db, clinic_id, at), *rights(db, clinic_id)]
        append(db, clinic_id, at, stated)


def downgrade() -> None:
    # The entries stay, because the ledger is append-only. An earlier program ignores new scopes.
    op.drop_table("term_words")
    op.drop_table("terms")


def one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f'"{column}" IN ({listed})', name=f"{column}_known")


def own_rows(db: sa.Connection, clinic_id: UUID, at: datetime) -> Iterator[Stated]:
    """Make the own rows of a clinic, and yield resource and body of each entry."""
    for vocabulary in VOCABULARIES:
        spellings: dict[str, set[str]] = {}
        for text in stored(db, clinic_id, vocabulary):
            if published_code(vocabulary, text) is None:
                spellings.setdefault(own_code(text), set()).add(text)
        for code, texts in sorted(spellings.items()):
            yield "terms", own_row(db, clinic_id, at, vocabulary, code, sorted(texts))


def stored(db: sa.Connection, clinic_id: UUID, vocabulary: str) -> set[str]:
    """Return the words of a vocabulary that records of a clinic have."""
    if vocabulary == "regions":
        return texts(db, clinic_id, EPISODES.c.region) | texts(db, clinic_id, THRESHOLDS.c.region)
    if vocabulary == "event_kinds":
        return texts(db, clinic_id, EVENTS.c.kind)
    if vocabulary == "contraindications":
        lists = values(db, clinic_id, SCREENINGS.c.answers)
        return {answer["code"] for answers in lists for answer in answers}
    return {word for words in values(db, clinic_id, SESSIONS.c[vocabulary]) for word in words}


def texts(db: sa.Connection, clinic_id: UUID, column: sa.ColumnElement[Any]) -> set[str]:
    return {text for text in values(db, clinic_id, column) if text is not None}


def values(db: sa.Connection, clinic_id: UUID, column: Any) -> Iterator[Any]:
    found = sa.select(column).where(column.table.c.clinic_id == clinic_id).distinct()
    for (value,) in db.execute(found).yield_per(1_000):
        yield value


def own_row(
    db: sa.Connection, clinic_id: UUID, at: datetime, vocabulary: str, code: str, spelt: list[str]
) -> dict[str, Any]:
    """Store an own row for the spellings of a code, and return the body of its entry."""
    # The same row gets the same id again, should the upgrade be repeated after a downgrade.
    seed = hashlib.sha256(f"{clinic_id}/{vocabulary}/{code}".encode()).digest()
    id_ = uuid7_at(0, seed[:10])
    name = next((text for text in spelt if word_key(text) != code), spelt[0])
    # Nobody has said yet which answers to such a question are of concern.
    concern: list[str] | None = [] if vocabulary == "contraindications" else None
    members = {
        "vocabulary": vocabulary,
        "code": code,
        "name": name,
        "synonyms": [],
        "concern": concern,
        "source": SOURCE,
        "status": "active",
        "version": 1,
    }
    body = {
        **members,
        **dict.fromkeys(("parent", "severity", "attribution_days", "note")),
        "id": str(id_),
        "created_at": instant(at),
        "updated_at": instant(at),
    }
    digest = hashlib.sha256(entry.canonical(body)).digest()
    moment = at_of(db, at)
    own = {"clinic_id": clinic_id, "id": id_, "created_at": moment, "updated_at": moment}
    concern_column = sa.null() if concern is None else concern
    row = {**members, **own, "concern": concern_column, "created_from": digest}
    db.execute(sa.insert(TERMS).values(**row))
    words = [word for word in dict.fromkeys(map(word_key, (code, name))) if word]
    for position, word in enumerate(words):
        word_row = {"clinic_id": clinic_id, "vocabulary": vocabulary, "word": word}
        db.execute(sa.insert(WORDS).values(**word_row, term_id=id_, position=position))
    return body


def rights(db: sa.Connection, clinic_id: UUID) -> Iterator[Stated]:
    """Give the new scopes, and yield resource and body of each entry: the newest one, with them."""
    for client in db.execute(sa.select(CLIENTS).where(CLIENTS.c.clinic_id == clinic_id)).all():
        scopes = with_given(client.scopes)
        if client.kind == "owner":
            scopes = sorted({*scopes, *OWNERS_SCOPES})
        resource = RESOURCES[client.kind]
        body = newest(db, clinic_id, resource, client.id)
        if client.revoked_at is not None or scopes == client.scopes or body is None:
            continue
        own = sa.and_(CLIENTS.c.clinic_id == clinic_id, CLIENTS.c.id == client.id)
        db.execute(sa.update(CLIENTS).where(own).values(scopes=scopes))
        yield resource, {**body, "scopes": scopes}
    for token in db.execute(sa.select(TOKENS).where(TOKENS.c.clinic_id == clinic_id)).all():
        scopes = with_given(token.scopes)
        if scopes != token.scopes:
            own = sa.and_(TOKENS.c.clinic_id == clinic_id, TOKENS.c.digest == token.digest)
            db.execute(sa.update(TOKENS).where(own).values(scopes=scopes))


def with_given(scopes: list[str]) -> list[str]:
    held = set(scopes)
    given = set().union(*(more for scope, more in GIVEN.items() if scope in held))
    return scopes if given <= held else sorted(held | given)


def newest(db: sa.Connection, clinic_id: UUID, resource: str, id_: UUID) -> dict[str, Any] | None:
    """Return the body of the newest entry about a client."""
    stated = (
        sa.select(ENTRIES.c.body)
        .where(
            ENTRIES.c.clinic_id == clinic_id,
            ENTRIES.c.resource == resource,
            ENTRIES.c.resource_id == id_,
            ENTRIES.c.body_digest.is_not(None),
        )
        .order_by(ENTRIES.c.number.desc())
        .limit(1)
    )
    text = db.execute(stated).scalar_one_or_none()
    body: dict[str, Any] | None = None if text is None else json.loads(text)
    return body


def instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def at_of(db: sa.Connection, at: datetime) -> datetime:
    return at if db.dialect.name == "postgresql" else at.replace(tzinfo=None)


def append(db: sa.Connection, clinic_id: UUID, at: datetime, stated: list[Stated]) -> None:
    """Number and insert entries, as the program does. The format of an entry never changes."""
    if not stated:
        return
    own = HEADS.c.clinic_id == clinic_id
    grown = sa.update(HEADS).where(own).values(size=HEADS.c.size + len(stated))
    first = db.execute(grown.returning(HEADS.c.size)).scalar_one() - len(stated) + 1
    request_id = str(uuid4())
    for number, (resource, members) in enumerate(stated, first):
        public = {
            "clinic_id": str(clinic_id),
            "number": number,
            "kind": "change",
            "operation": f"{resource}.upgrade",
            "at": instant(at),
            "actor": ACTOR,
            "client": None,
            "request_id": request_id,
            "resource": resource,
            "resource_id": members["id"],
            "patient_id": None,
            "version": members.get("version"),
            "reason": None,
        }
        content, salt = entry.canonical(members), os.urandom(entry.SALT_BYTES)
        digest = entry.body_digest(salt, content)
        leaf = entry.leaf(entry.canonical({**public, "body_digest": digest.hex()}))
        row = {
            **public,
            "clinic_id": clinic_id,
            "resource_id": UUID(members["id"]),
            "at": at_of(db, at),
            "body": content.decode(),
            "salt": salt,
            "body_digest": digest,
            "leaf": leaf,
        }
        db.execute(sa.insert(ENTRIES).values(**row))
