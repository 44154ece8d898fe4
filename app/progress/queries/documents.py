"""The progress document of a patient, and its pictures."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import bindparam

from app.core.operation import Operation, rows
from app.episodes.models import Episode
from app.episodes.service import EPISODES
from app.followups.service import FOLLOW_UPS
from app.instruments import queries as instruments
from app.ledger import service as ledger
from app.measurements.service import MEASUREMENTS
from app.muscles import queries as catalogue
from app.progress.queries.facts import history
from app.progress.queries.past import NO_CHANGES, records_as_of
from app.progress.rules.body_map import body_map as body_map_svg
from app.progress.rules.document import document
from app.progress.rules.history import History, Json, instant
from app.progress.rules.picture import Names
from app.progress.rules.picture import Scale as PictureScale
from app.progress.rules.picture import picture as picture_svg
from app.progress.schemas import ProgressFilters
from app.records.queries import mark_of_patient
from app.safety.service import ADVERSE_EVENTS
from app.sessions.service import SESSIONS

_EPISODE = rows(Episode, Episode.id).where(
    Episode.id == bindparam("episode_id"), Episode.patient_id == bindparam("patient_id")
)

_COUNTED: Final = (SESSIONS, MEASUREMENTS, FOLLOW_UPS, ADVERSE_EVENTS, EPISODES)
"""The kinds of the patient's records that the document is computed from."""


def progress(
    op: Operation,
    patient_id: UUID,
    filters: ProgressFilters,
    *,
    local: bool = False,
    without: Collection[str] = (),
) -> Json:
    """A patient's progress document.

    Times are at their senders' UTC offsets; for people, `local`, in the clinic's time zone.
    `without` has the ids of sessions that don't count, unless a report or an event names them.
    `NotFound` where this clinic has no such patient, or the patient has no such episode.
    """
    ledger.record_patient_access(op, [patient_id])
    mark_of_patient(op, patient_id, _COUNTED)
    as_of, past = op.at, NO_CHANGES
    if filters.as_of is not None:
        as_of = filters.as_of
        past = records_as_of(op, patient_id, as_of, known_then=filters.known_then)
    facts = history(op, patient_id, as_of, past)
    if without:
        facts = _without(facts, without)
    asked = None if filters.episode_id is None else str(filters.episode_id)
    if asked is not None and asked not in {one.episode_id for one in facts.episodes}:
        op.one(_EPISODE, patient_id=patient_id, episode_id=filters.episode_id)
    write = _rfc_3339_in(op.zone) if local else _rfc_3339
    return document(str(patient_id), asked, as_of, facts, write, _shown(filters))


def _without(facts: History, ids: Collection[str]) -> History:
    """The same history without some sessions, of which nothing else is known."""
    named = {
        *(one.session_id for one in facts.reports),
        *(one.session_id for one in facts.events),
        *(one.session_id for one in facts.readings),
    }
    dropped = {*ids} - named
    return facts._replace(visits=[one for one in facts.visits if one.session_id not in dropped])


def _shown(filters: ProgressFilters) -> Callable[[int], bool] | None:
    """Of which instants the points are listed; None where the filters leave out none."""
    if filters.begin is None and filters.end is None:
        return None
    first = None if filters.begin is None else instant(filters.begin)
    last = None if filters.end is None else instant(filters.end)
    return lambda at: (first is None or at >= first) and (last is None or at <= last)


def picture(op: Operation, patient_id: UUID, filters: ProgressFilters) -> bytes:
    """The progress document as an SVG picture."""
    return picture_svg(progress(op, patient_id, filters, local=True), code_names()).encode()


def body_map(op: Operation, patient_id: UUID, filters: ProgressFilters) -> bytes:
    """Where the patient was needled, as an SVG."""
    return body_map_svg(progress(op, patient_id, filters), catalogue.BODY, _muscle_name).encode()


def code_names() -> Names:
    """The names that stand for the codes of a progress document."""
    return Names(_scale, _muscle_name)


def _scale(code: str) -> PictureScale:
    instrument = instruments.of_stored(code)
    most = instrument.min if instruments.is_open(code) else instrument.max
    return PictureScale(instrument.name.partition(" (")[0], instrument.min, most)


def _muscle_name(slug: str) -> str:
    """The name of a muscle; its slug if the catalogue has none, as a spoilt record may."""
    found = catalogue.find(slug)
    return slug if found is None else found.name


def _rfc_3339_in(zone: ZoneInfo) -> Callable[[datetime], str]:
    return lambda at: _rfc_3339(at.astimezone(zone))


def _rfc_3339(at: datetime) -> str:
    """A time in the format of all other answers (RFC 3339)."""
    return orjson.dumps(at, None, orjson.OPT_UTC_Z)[1:-1].decode()
