"""The progress document of a patient, and the picture of it."""

from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import bindparam

from app.core.operation import Operation, rows
from app.episodes.models import Episode
from app.instruments import queries as instruments
from app.ledger import service as ledger
from app.muscles import queries as catalogue
from app.progress.queries.facts import history
from app.progress.queries.past import NOTHING, past
from app.progress.rules.body_map import body_map as mapped
from app.progress.rules.document import document
from app.progress.rules.history import Json
from app.progress.rules.picture import Names
from app.progress.rules.picture import Scale as PictureScale
from app.progress.rules.picture import picture as drawn
from app.progress.schemas import ProgressFilters

_EPISODE = rows(Episode, Episode.id).where(
    Episode.id == bindparam("episode_id"), Episode.patient_id == bindparam("patient_id")
)


def progress(op: Operation, patient_id: UUID, filters: ProgressFilters) -> Json:
    """A patient's progress document; `NotFound` where this clinic has no such patient."""
    ledger.record_patient_access(op, [patient_id])
    as_of, before = op.at, NOTHING
    if filters.as_of is not None:
        as_of = filters.as_of
        before = past(op, patient_id, as_of, known_then=filters.known_then)
    found = history(op, patient_id, as_of, filters, before)
    if filters.episode_id is None:
        return document(str(patient_id), None, as_of, found, _written)
    if not found.episodes:
        op.one(_EPISODE, patient_id=patient_id, episode_id=filters.episode_id)
    return document(str(patient_id), str(filters.episode_id), as_of, found, _written)


def picture(op: Operation, patient_id: UUID, filters: ProgressFilters) -> bytes:
    """The same as an SVG."""
    return drawn(progress(op, patient_id, filters), written_out()).encode()


def body_map(op: Operation, patient_id: UUID, filters: ProgressFilters) -> bytes:
    """Where the patient was needled, as an SVG."""
    return mapped(progress(op, patient_id, filters), catalogue.BODY, _name).encode()


def written_out() -> Names:
    """How the codes of a progress document are written out."""
    return Names(_scale, _name)


def _scale(code: str) -> PictureScale:
    found = instruments.instrument(code)
    most = found.min if instruments.is_open(code) else found.max
    return PictureScale(found.name.partition(" (")[0], found.min, most)


def _name(slug: str) -> str:
    return catalogue.muscle(slug).name


def _written(at: datetime) -> str:
    """RFC 3339, as every other answer writes it."""
    return orjson.dumps(at, None, orjson.OPT_UTC_Z)[1:-1].decode()
