"""The queries of a summary: a few indexed ones, however long the chart is."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import unescape
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import BindParameter, Row, Select, bindparam

from app.alerts.models import Alert
from app.alerts.service import ALERTS
from app.alerts.views import AlertView
from app.auth.models import Client
from app.clinics.queries import clinic
from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.episodes.models import Episode
from app.episodes.service import EPISODES
from app.episodes.views import EpisodeView
from app.followups.models import FollowUp
from app.followups.service import FOLLOW_UPS
from app.followups.views import FollowUpView
from app.instruments import queries as instruments
from app.kinds import IN_CHART_SUMMARY
from app.languages.rules.choice import SOURCE
from app.ledger import queries as ledger
from app.measurements.models import Measurement
from app.measurements.service import MEASUREMENTS
from app.measurements.views import MeasurementView
from app.muscles import queries as muscles
from app.muscles.queries import BODY
from app.notes.queries import names as note_names
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.practitioners.service import PRACTITIONERS
from app.practitioners.views import PractitionerView
from app.progress import queries as progress
from app.progress.rules.body_map import body_map
from app.progress.rules.picture import picture as picture_svg
from app.progress.schemas import ProgressFilters
from app.records.comparison import differing
from app.records.kinds import Kind, V
from app.records.registry import by_kind, registry
from app.records.reports import Difference, report_afterwards
from app.records.views import RecordView
from app.safety.models import Consent, Screening
from app.safety.rules import standing_refusals
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS
from app.safety.views import AdverseEventView, ConsentView, ScreeningView
from app.sessions.models import TreatmentSession
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.summaries.errors import ChartTooLong
from app.summaries.rules.amendments import Version
from app.summaries.rules.content import Chart, ChartRecords, Drawing, name_of
from app.summaries.rules.in_full import InFull
from app.summaries.rules.progress import legible
from app.summaries.rules.words import Names, local, printable
from app.summaries.schemas import ReleaseBody
from app.thresholds.models import OwnThresholds
from app.vocabularies import queries as vocabularies

SESSIONS_MAX: Final = 200
MEASUREMENTS_MAX: Final = 1000
LETTERS: Final = 10.7
"""The size of the smallest letters of the body map: 7 points on a page of Letter or A4."""
_OF: BindParameter[UUID] = bindparam("patient_id")
_EPISODES = EPISODES.select.where(Episode.patient_id == _OF).order_by(Episode.opened_at, Episode.id)
_CONSENTS = CONSENTS.select.where(Consent.patient_id == _OF, Consent.kind == "data_use")
_EVERY_CONSENT = CONSENTS.select.where(Consent.patient_id == _OF).order_by(
    Consent.obtained_at, Consent.id
)
_ALERTS = ALERTS.select.where(Alert.patient_id == _OF).order_by(Alert.raised_at, Alert.id)
_REPORTS = FOLLOW_UPS.select.where(among(FollowUp.session_id, "ids")).order_by(
    FollowUp.reported_at, FollowUp.id
)
_SCREENINGS = SCREENINGS.select.where(among(Screening.session_id, "ids")).order_by(
    Screening.decided_at, Screening.id
)
_SESSIONS = rows(
    TreatmentSession, TreatmentSession.id, TreatmentSession.episode_id, TreatmentSession.status
).where(among(TreatmentSession.id, "ids"))
_CLIENTS = rows(Client, Client.id, Client.name, Client.kind).where(among(Client.id, "ids"))
_MEASUREMENTS = (
    rows(Measurement, Measurement.id, Measurement.activity)
    .where(Measurement.patient_id == _OF, Measurement.activity.is_not(None))
    .order_by(Measurement.taken_at, Measurement.id)
)
_SOURCES = rows(OwnThresholds, OwnThresholds.id, OwnThresholds.source).order_by(OwnThresholds.id)
# Fails at start if a kind of the chart summary has no member in `ChartRecords`.
by_kind("a chart summary", IN_CHART_SUMMARY, ChartRecords.__annotations__)
_DESCRIPTION: Final = re.compile(r"<desc[^>]*>(.*?)</desc>", re.DOTALL)


@lru_cache
def _within(kind: Kind[Any, Any], filters: frozenset[str]) -> Select[Any]:
    """The statement for a patient's sessions, adverse events or measurements, oldest first.

    `filters` names the filters in use: `begin`, `end`, `episode_id`.
    """
    column = kind.table.__table__.c
    at = column.taken_at if kind is MEASUREMENTS else column.occurred_at
    statement = kind.select.where(column.patient_id == _OF)
    if "begin" in filters:
        statement = statement.where(at >= bindparam("begin"))
    if "end" in filters:
        statement = statement.where(at <= bindparam("end"))
    if "episode_id" in filters:
        statement = statement.where(column.episode_id == bindparam("episode_id"))
    return statement.order_by(at, column.id).limit(_most(kind) + 1)


def _most(kind: Kind[Any, Any]) -> int:
    """The most records of a kind that a summary lists."""
    return MEASUREMENTS_MAX if kind is MEASUREMENTS else SESSIONS_MAX


def _view(op: Operation, kind: Kind[Any, V], row: Row[Any]) -> V:
    return local(printable(kind.view_of(row)), op.zone)


def consents(op: Operation, patient_id: UUID) -> list[ConsentView]:
    """The patient's decisions on the use of their data."""
    return [_view(op, CONSENTS, row) for row in op.all(_CONSENTS, patient_id=patient_id)]


def patient(op: Operation, patient_id: UUID) -> PatientView:
    """The patient whose chart it is; `NotFound` where this clinic has no such patient."""
    return _view(op, PATIENTS, op.one(PATIENTS.select_one, id=patient_id))


def episodes(op: Operation, patient_id: UUID, episode_id: UUID | None) -> list[EpisodeView]:
    """The patient's episodes, or the one with this id; `Invalid` where it isn't the patient's."""
    every = [_view(op, EPISODES, row) for row in op.all(_EPISODES, patient_id=patient_id)]
    selected = [each for each in every if episode_id in {None, each["id"]}]
    if episode_id is not None and not selected:
        detail = "No such record in this clinic."
        raise Invalid([Fault("/episode_id", "unknown_reference", detail)])
    return selected


def chart(op: Operation, patient: PatientView, body: ReleaseBody) -> Chart:
    """The part of a patient's record that a summary shows.

    `Invalid` where the episode isn't the patient's, `ChartTooLong` where there is too much for one
    summary.
    """
    id = patient["id"]
    period = body.model_dump(include={"begin", "end"}, exclude_none=True)
    of_episode = {} if body.episode_id is None else {"episode_id": body.episode_id}
    selected = episodes(op, id, body.episode_id)
    visited = _listed(op, SESSIONS, id, period | of_episode)
    ids = [session["id"] for session in visited]
    happened = _listed(op, ADVERSE_EVENTS, id, period)
    filters = ProgressFilters.model_construct(
        episode_id=body.episode_id, as_of=None, begin=body.begin, end=body.end
    )
    document = printable(progress.progress(op, id, filters, local=True))
    names = progress.code_names(vocabularies.Words(op, inactive=True))
    picture = picture_svg(legible(document), names)
    where = body_map(document, BODY, names.muscle, LETTERS) if document["muscles"] else ""
    events = _of_episode(op, happened, body.episode_id)
    shown = None if not period | of_episode else {*ids, *(event["id"] for event in events)}
    decided = _decided(op, id)
    records: ChartRecords = {
        "alerts": _alerts(op, id, shown),
        "patients": [patient],
        "episodes": selected,
        "consents": [one for one in decided if not of_episode or _covers(one, body.episode_id)],
        "screenings": _screenings(op, ids),
        "sessions": visited,
        "follow_ups": _reports(op, ids),
        "adverse_events": events,
        "measurements": _taken(op, id, period, body.episode_id),
        "practitioners": _practitioners(op, {session["practitioner_id"] for session in visited}),
    }
    return Chart(
        printable(clinic(op)["name"]),
        records,
        _histories(op, visited),
        document,
        _drawing(picture),
        _drawing(where),
        _differing(op, records),
        standing_refusals(decided),
    )


def _drawing(picture: str) -> Drawing:
    found = _DESCRIPTION.search(picture)
    return Drawing(picture, unescape(found[1]) if found else "")


def _covers(consent: ConsentView, episode_id: UUID | None) -> bool:
    return consent["episode_id"] in {None, episode_id}


def _decided(op: Operation, patient_id: UUID) -> list[ConsentView]:
    return [_view(op, CONSENTS, row) for row in op.all(_EVERY_CONSENT, patient_id=patient_id)]


def _screenings(op: Operation, ids: Sequence[UUID]) -> list[ScreeningView]:
    found = op.all(_SCREENINGS, ids=ids) if ids else ()
    return [_view(op, SCREENINGS, row) for row in found]


def _of_episode(
    op: Operation, happened: Sequence[AdverseEventView], episode_id: UUID | None
) -> list[AdverseEventView]:
    """The events of an episode, and those that belong to no other course for certain.

    An event of a void session without an episode, or one without any link, may be counted in the
    episode by its date. None of them is left out.
    """
    if episode_id is None:
        return list(happened)
    ids = [event["session_id"] for event in happened if event["session_id"] is not None]
    sessions = {row.id: row for row in op.all(_SESSIONS, ids=ids)} if ids else {}
    kept = []
    for event in happened:
        session = None if event["session_id"] is None else sessions[event["session_id"]]
        linked = event["episode_id"] if session is None else session.episode_id
        if session is not None and session.status == "void":
            linked = linked or event["episode_id"]
        elif session is not None and linked is None:
            continue  # it belongs to a visit that belongs to no episode
        if linked in {None, episode_id}:
            kept.append(event)
    return kept


def _taken(
    op: Operation, patient_id: UUID, period: Mapping[str, Any], episode_id: UUID | None
) -> list[MeasurementView]:
    """The values of an episode that were measured apart from visits, and those of none."""
    found = _listed(op, MEASUREMENTS, patient_id, period)
    if episode_id is None:
        return found
    ids = [each["session_id"] for each in found if each["session_id"] is not None]
    linked = {row.id: row.episode_id for row in op.all(_SESSIONS, ids=ids)} if ids else {}
    return [
        each
        for each in found
        if (each["episode_id"] or linked.get(each["session_id"])) in {None, episode_id}
    ]


def _differing(op: Operation, records: ChartRecords) -> dict[str, list[UUID]]:
    """Return the ids of the records that differ from the ledger, by noun, and report that."""
    found: list[Difference] = []
    for noun, views in cast("Mapping[str, Sequence[RecordView]]", records).items():
        found += differing(op, registry[noun], [view["id"] for view in views])
    if found:
        report_afterwards(op, found)
    by_noun: dict[str, list[UUID]] = {}
    for each in found:
        by_noun.setdefault(each.resource, []).append(each.resource_id)
    return by_noun


def _listed(
    op: Operation, kind: Kind[Any, V], patient_id: UUID, filters: Mapping[str, Any]
) -> list[V]:
    listed = op.all(_within(kind, frozenset(filters)), patient_id=patient_id, **filters)
    if len(listed) > _most(kind):
        raise ChartTooLong([])
    return [_view(op, kind, row) for row in listed]


def _histories(op: Operation, visited: Iterable[SessionView]) -> dict[UUID, list[Version]]:
    ids = [each["id"] for each in visited if each["amended_at"] or each["voided_at"]]
    return {
        id: [
            Version(
                each["operation"],
                local(each["at"], op.zone),
                each["actor"],
                each["reason"],
                local(printable(SESSIONS.from_json(each["body"])), op.zone),
            )
            for each in versions
            if each["body"] is not None
        ]
        for id, versions in ledger.histories(op, SESSIONS.noun, ids).items()
    }


def _reports(op: Operation, ids: Sequence[UUID]) -> list[FollowUpView]:
    return [_view(op, FOLLOW_UPS, row) for row in op.all(_REPORTS, ids=ids)] if ids else []


def _alerts(op: Operation, patient_id: UUID, about: Collection[UUID] | None) -> list[AlertView]:
    """Return the patient's alerts, or only those about these sessions and events."""
    every = [_view(op, ALERTS, row) for row in op.all(_ALERTS, patient_id=patient_id)]
    found = [
        alert
        for alert in every
        if about is None or {alert["session_id"], alert["source"]["id"]} & {*about}
    ]
    if len(found) > SESSIONS_MAX:
        raise ChartTooLong([])
    return found


def _practitioners(op: Operation, ids: Iterable[UUID]) -> list[PractitionerView]:
    listed = op.all(PRACTITIONERS.select_among, ids=sorted(ids)) if ids else ()
    return [_view(op, PRACTITIONERS, row) for row in listed]


def names(op: Operation, chart: Chart) -> Names:
    """The names of the muscles, instruments and people that a chart refers to."""
    known = {str(each["id"]): name_of(each) for each in people(op, chart)}
    programs = {str(row.id): _called(row) for row in _programs(op, chart)}

    def actor(who: str) -> str:
        kind, _, id = who.partition(":")
        if kind == "cli":
            return f"the operator ({id})"
        return known.get(id) or programs.get(id, who)

    def muscle(slug: str) -> str:
        found = muscles.find(slug)
        return slug if found is None else found.name

    noted = note_names(op, str, printable)
    return Names(
        words=InFull(SOURCE, str, op.zone, op.at, muscle, noted.scale, noted.term, actor),
        muscle=muscle,
        instrument=lambda code: (
            found.name.partition(" (")[0] if (found := instruments.find(code)) else code
        ),
        practitioner=lambda id: known.get(str(id), "unknown"),
        actor=actor,
        episode=lambda id: next(
            (e["complaint"] for e in chart.episodes if e["id"] == id), "another episode"
        ),
        patient=lambda id: "this chart" if id == chart.patient["id"] else "another chart",
    )


def named_elsewhere(op: Operation, chart: Chart) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a summary may show of other records than the chart's, after the kind's noun.

    That is names, activities that were measured between visits, and the sources of the clinic's own
    thresholds. Each has the record's `id`, and members as in the record.
    """
    here = clinic(op)
    yield "clinics", {"id": op.clinic_id, **{n: here[n] for n in ("name", "address", "phone")}}
    yield from (("practitioners", person) for person in people(op, chart))
    for program in _programs(op, chart):
        yield "clients", {"id": program.id, "name": printable(program.name)}
    for row in op.all(_MEASUREMENTS, patient_id=chart.patient["id"]):
        yield "measurements", {"id": row.id, "activity": row.activity}
    yield from (("thresholds", {"id": t.id, "source": t.source}) for t in op.all(_SOURCES))


def people(op: Operation, chart: Chart) -> list[PractitionerView]:
    """The practitioners who treated the patient, or whom `_actors` has, and the caller."""
    bodies = [each.body for versions in chart.histories.values() for each in versions]
    actors = [actor.partition(":") for actor in {op.caller.actor, *_actors(chart)}]
    treating = {session["practitioner_id"] for session in (*chart.sessions, *bodies)}
    signing = {UUID(id) for kind, _, id in actors if kind == "practitioner"}
    return _practitioners(op, treating | signing)


def _programs(op: Operation, chart: Chart) -> Sequence[Row[Any]]:
    """The clients that `_actors` has, or that ask for the summary."""
    actors = [actor.partition(":") for actor in {op.caller.actor, *_actors(chart)}]
    ids = [id for kind, _, id in actors if kind == "client"]
    return op.all(_CLIENTS, ids=ids) if ids else ()


def _called(client: Row[Any]) -> str:
    """The name of a person, or of a program with the word that it is one."""
    name = str(printable(client.name))
    return name if client.kind == "account" else f"the client “{name}”"


def _actors(chart: Chart) -> Iterator[str]:
    """Everybody who signed, amended or voided a session of the chart, or answered an alert."""
    for alert in chart.records["alerts"]:
        if alert["acknowledged_by"] is not None:
            yield alert["acknowledged_by"]
        yield from (note["written_by"] for note in alert["notes"])
    for session in chart.sessions:
        if session["signed_by"] is not None:
            yield session["signed_by"]
    for versions in chart.histories.values():
        for each in versions:
            yield each.actor
