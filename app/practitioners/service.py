"""Practitioners as a kind of record, and what follows when one becomes inactive."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from threading import Event
from typing import Any, Final, TypedDict, cast
from uuid import UUID

from sqlalchemy import bindparam

from app.auth.service import delete_tokens
from app.core.db.database import Database
from app.core.operation import Operation, perform
from app.core.values.access import server
from app.core.values.clock import clinic_day, now, uuid7
from app.core.values.faults import Fault
from app.core.values.wire import merge_patch
from app.credentials import service as credentials
from app.credentials.service.owning import has_lost_owners
from app.emergencies import service as emergencies
from app.emergencies.queries import open_emergencies
from app.ledger.queries import clinic_ids
from app.practitioners import queries, rules
from app.practitioners.models import Practitioner, PractitionerIdentifier
from app.practitioners.schemas import (
    FinishedPractitionerBody,
    PractitionerBody,
    PractitionerFilters,
)
from app.practitioners.views import (
    EndedView,
    PractitionerStatus,
    PractitionerView,
    WrittenPractitionerView,
)
from app.records import identifiers
from app.records import service as records
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Facts, Kind

REASON: Final = "practitioner inactive"
NO_OWNER: Final = "Nobody can sign in as an owner now. Make one with the command line: owner set."


class Derived(TypedDict):
    """The members that the server may set otherwise than the client."""

    status: PractitionerStatus
    inactive_from: Any


class Practitioners(Kind[PractitionerBody, PractitionerView]):
    """Practitioners. Sessions use their credentials, and the day they become inactive, as facts."""

    noun = "practitioners"
    singular = "practitioner"
    table = Practitioner
    body = PractitionerBody
    finished = FinishedPractitionerBody
    view = PractitionerView
    written = WrittenPractitionerView
    filters = PractitionerFilters
    identified_by = PractitionerIdentifier
    children = (identifiers.child(PractitionerIdentifier),)
    nested = identifiers.nested(PractitionerIdentifier, Practitioner)
    conditions = {
        "status": Practitioner.status == bindparam("status"),
        "identifier": identifiers.condition(PractitionerIdentifier, Practitioner),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("They belong to the clinic, not to a patient."),
        chart_summary=True,
        console=True,
        note=True,
    )
    facts = {
        "detail": Practitioner.__table__.c.credentials,
        "ends_on": Practitioner.__table__.c.inactive_from,
    }

    def check(
        self, body: PractitionerBody, facts: Facts, current: PractitionerView | None
    ) -> Iterator[Fault]:
        """Yield a fault if the status and the day that a client gives contradict each other."""
        if isinstance(body, FinishedPractitionerBody) or _leaves_activity(body, current):
            return
        if rules.contradicts(body.given_status, body.inactive_from, clinic_day(now(), facts.zone)):
            yield rules.CONTRADICTION

    def derive(
        self, op: Operation, body: PractitionerBody, current: PractitionerView | None, facts: Facts
    ) -> Derived:
        """Add the day to an inactive status, and the status to a day."""
        del facts
        today = clinic_day(op.at, op.zone)
        was = None if current is None else rules.activity_of(current, today)
        activity = rules.next_activity(body.given_status, body.inactive_from, today, was)
        return Derived(status=activity.status, inactive_from=activity.inactive_from)

    def merged(
        self, op: Operation, current: PractitionerView, changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Let a status that the patch leaves out follow the day, and the other way round."""
        was = rules.activity_of(current, clinic_day(op.at, op.zone))
        base = rules.merge_base(self.content(current), changes, was)
        merged: dict[str, Any] = merge_patch(base, changes)
        return merged

    def changed(self, op: Operation, current: PractitionerView, view: PractitionerView) -> None:
        """End the authority of a practitioner who is inactive now."""
        del current
        if view["status"] == "inactive":
            _end_authority(op, view["id"])

    def answer_to_write(self, op: Operation, view: PractitionerView) -> WrittenPractitionerView:
        """Add what this write ended."""
        return {**view, "ended": _ended(op)}


def _leaves_activity(body: PractitionerBody, current: PractitionerView | None) -> bool:
    """Return whether a body leaves status and day as they are stored."""
    stored = current and (current["status"], current["inactive_from"])
    return stored == (body.status, body.inactive_from)


PRACTITIONERS = Practitioners()


def leave(op: Operation, id: UUID, last_day: date) -> None:
    """Let a practitioner's last day of work be this one, in the clinic's time zone.

    Unless the day is still to come, all that acts for them ends at once: sessions of the last day
    may still name them, but their devices and keys don't wait for midnight. Raises `NotFound`.
    """
    practitioner, today = records.lock_for_server(op, PRACTITIONERS, id), clinic_day(op.at, op.zone)
    activity = rules.after_last_day(last_day, today)
    records.store(op, PRACTITIONERS, practitioner, activity._asdict())
    if last_day <= today:
        _end_authority(op, id)


def _end_authority(op: Operation, practitioner_id: UUID) -> None:
    """End all that acts for a practitioner, each part with its own ledger entry. Idempotent.

    That is their devices, identities and accounts, what these have made, and open emergency access.
    """
    held = queries.clients_in_force(op, practitioner_id)
    for id in open_emergencies(op, practitioner_id, [client.id for client in held]):
        emergencies.end(op, id, REASON)
    for client in held:
        credentials.end(op, client.id, (client.kind,), reason=REASON)
        delete_tokens(op, client.id)


def _ended(op: Operation) -> EndedView | None:
    """Return what this operation has ended, from its ledger entries; None if nothing."""
    ended: dict[str, list[UUID]] = {n: [] for n in EndedView.__annotations__ if n != "notice"}
    for entry in op.entries:
        if entry.reason == REASON and entry.resource in ended:
            ended[entry.resource].append(entry.resource_id)
    if not any(ended.values()):
        return None
    notice = NO_OWNER if has_lost_owners(op) else None
    return cast("EndedView", {**ended, "notice": notice})


def end_departed(database: Database, end: Event | None = None) -> None:
    """Make the practitioners inactive whose day has come, in every clinic. The keeper calls it.

    So the stored status follows the day within a minute. The check of a token doesn't wait for
    that: it compares the day itself. Several processes may do this at once.
    """
    with database.reading() as db:
        every = clinic_ids(db)
    for clinic_id in every:
        if end is not None and end.is_set():
            return
        op = _operation(clinic_id)
        with database.reading(clinic_id) as db:
            op.begin(db)
            ids = queries.practitioners_to_end(op, clinic_day(op.at, op.zone))
        for id in ids:
            op = _operation(clinic_id)
            perform(database, op, partial(_deactivate, op, id))


def _operation(clinic_id: UUID) -> Operation:
    return Operation("practitioners.deactivate", server(clinic_id, "keeper"), str(uuid7()))


def _deactivate(op: Operation, id: UUID) -> None:
    practitioner = records.lock_for_server(op, PRACTITIONERS, id)
    activity = rules.activity_of(practitioner, clinic_day(op.at, op.zone))
    if activity.status == "inactive":
        records.store(op, PRACTITIONERS, practitioner, activity._asdict())
        _end_authority(op, id)
