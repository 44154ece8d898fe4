"""The content of a summary as JSON. Pure: the same chart and release give the same content."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypedDict
from uuid import UUID

from app.alerts.views import AlertStatus, AlertView
from app.core.values.names import full_name
from app.episodes.views import EpisodeView
from app.followups.views import FollowUpView
from app.measurements.views import MeasurementView
from app.notes.rules.beside import where
from app.patients.views import PatientView
from app.practitioners.views import PractitionerView
from app.progress.rules.wording import NOTHING, Json, number
from app.safety.views import AdverseEventView, ConsentView, ScreeningView
from app.sessions.views import SessionView
from app.summaries.rules import dense, heed, progress, sessions
from app.summaries.rules.amendments import Version
from app.summaries.rules.release import Recipient
from app.summaries.rules.words import (
    Names,
    Pair,
    day,
    isolated_whole,
    listed_texts,
    moment,
    pairs,
    plainly,
)

NOTICE: Final = (
    "This is a summary of the clinic's record, for the recipient and the purpose above. The full"
    " record stays with the clinic. The software that wrote this is not a medical device, and this"
    " summary is not medical advice.\n"
    "“Changed by” says how much a value changed, not why. What the patient felt, what the"
    " practitioner felt and what both saw are recorded separately. A dash means that something was"
    " not recorded.\n"
    "The long number at the end of each page (a SHA-256 digest) is computed from all that this"
    " summary says. The clinic's record of who looked has the same number, with who released this"
    " summary to whom, when and why: so a copy can be checked.\n"
    "A void session is listed with the reason for which it is void. Its content is left out."
)


class ChartRecords(TypedDict):
    """The records of a chart, by the noun of their kind. Records with a time are oldest first."""

    alerts: list[AlertView]
    patients: list[PatientView]
    """Only the patient whose chart it is."""
    practitioners: list[PractitionerView]
    episodes: list[EpisodeView]
    consents: list[ConsentView]
    """About everything, or about the episode that the request selected."""
    screenings: list[ScreeningView]
    """Those before the sessions."""
    sessions: list[SessionView]
    follow_ups: list[FollowUpView]
    adverse_events: list[AdverseEventView]
    measurements: list[MeasurementView]
    """Those of no session's record: they were stored apart from it."""


class Drawing(NamedTuple):
    """A picture as SVG, and its words for whoever can't see it. Empty if there is none."""

    picture: str
    description: str


class Chart(NamedTuple):
    """The part of a patient's record that a summary shows. Every text in it is `printable`."""

    clinic: str
    records: ChartRecords
    histories: Mapping[UUID, Sequence[Version]]
    """All versions of each session that was amended or voided, oldest first."""
    progress: Json
    drawn: Drawing
    """The progress over time."""
    body: Drawing
    """Where the patient was needled."""
    differing: Mapping[str, Sequence[UUID]]
    """The ids of the records that differ from the ledger, by noun. Nouns without any are absent."""
    refusals: Sequence[ConsentView]
    """Consents that the patient refused or withdrew, and decided nothing else since."""

    @property
    def patient(self) -> PatientView:
        """The patient whose chart it is."""
        return self.records["patients"][0]

    @property
    def episodes(self) -> Sequence[EpisodeView]:
        """The episodes that the request selected."""
        return self.records["episodes"]

    @property
    def sessions(self) -> Sequence[SessionView]:
        """The sessions that the request selected."""
        return self.records["sessions"]


class Release(NamedTuple):
    """Who releases the summary, to whom, and on what basis. Every text in it is `printable`."""

    number: UUID
    """Random, and only on the paper, so that nobody can guess a summary's content by its digest."""
    at: datetime
    by: str
    """The actor, as the ledger writes it."""
    recipient: Recipient
    purpose: str
    consent: ConsentView | None
    override: str | None
    begin: datetime | None
    end: datetime | None
    episode: str | None
    detail: dense.Detail = "condensed"


def content(chart: Chart, release: Release, names: Names) -> dict[str, Any]:
    """Everything that is printed, except page numbers and the digest of the content."""
    reports: defaultdict[UUID, list[FollowUpView]] = defaultdict(list)
    for report in chart.records["follow_ups"]:
        reports[report["session_id"]].append(report)
    found = dense.parted(chart.sessions, _told_of(chart), release.detail)
    return {
        "clinic": chart.clinic,
        "created": f"Created {moment(release.at)} by {names.actor(release.by)}",
        "about": [
            *_warning(chart),
            *_refusals(chart, names),
            *_alerts(chart, names, "open"),
            *_about(release, names),
            *_alerts(chart, names, "acknowledged"),
        ],
        "patient": _patient(chart.patient),
        "heed": heed.heed(_known(chart), release.at, names),
        "consents": heed.consents(chart.records["consents"], names),
        "episodes": [_episode(each, names) for each in chart.episodes],
        "progress": progress.progress_content(
            chart.progress, chart.drawn.picture, chart.drawn.description, names
        ),
        "body": chart.body._asdict(),
        "measured": [sessions.apart(each, names) for each in chart.records["measurements"]],
        "events": [_event(each, names) for each in chart.records["adverse_events"]],
        "condensed": dense.told(chart.sessions, found),
        "brief": [dense.line(each, names) for each in found.brief],
        "sessions": [
            sessions.session_content(
                each,
                chart.histories.get(each["id"], ()),
                reports[each["id"]],
                names,
            )
            for each in found.whole
        ],
        "practitioners": [
            _practitioner(each, chart.sessions, names) for each in chart.records["practitioners"]
        ],
        "notice": NOTICE.split("\n"),
        "system": f"For the system: patient {chart.patient['id']}, summary {release.number}",
    }


def _refusals(chart: Chart, names: Names) -> list[Pair]:
    """Say first what the patient refused or withdrew."""
    lines = [heed.refusal(consent, names) for consent in chart.refusals]
    return pairs(("Consent refused or withdrawn", "\n".join(lines)))


def _known(chart: Chart) -> heed.Known:
    """What is known of the patient's safety. A void visit may be another patient's."""
    void = {each["id"] for each in chart.sessions if each["status"] == "void"}
    asked = [each for each in chart.records["screenings"] if each["session_id"] not in void]
    return heed.Known(chart.refusals, chart.episodes, asked, chart.records["adverse_events"])


def _told_of(chart: Chart) -> set[UUID | None]:
    """The sessions with an adverse event, or with a report of a red flag."""
    flagged = (each for each in chart.records["follow_ups"] if each["red_flags"])
    return {each["session_id"] for each in (*chart.records["adverse_events"], *flagged)}


def _warning(chart: Chart) -> list[Pair]:
    """Say which records of the summary somebody changed outside the program."""
    if not chart.differing:
        return []
    altered = [
        f"{len(ids)} of the {plainly(noun)}" + _when(chart, set(ids))
        for noun, ids in chart.differing.items()
    ]
    words = "Not as the clinic's ledger states them, so somebody changed them outside the program: "
    return pairs(("Warning", words + "; ".join(altered)))


def _alerts(chart: Chart, names: Names, status: AlertStatus) -> list[Pair]:
    """Say which alerts wait for somebody, or who answered them, when and how."""
    lines = [
        line
        for alert in chart.records["alerts"]
        if alert["status"] == status
        for line in _alert(alert, names)
    ]
    return pairs((f"{status.capitalize()} alerts", "\n".join(lines)))


def _alert(alert: AlertView, names: Names) -> Iterator[str]:
    code = names.words.code
    reasons = listed_texts(code("alert_reason", reason) for reason in alert["reasons"])
    yield f"{reasons}, raised {moment(alert['raised_at'])}"
    at, by = alert["acknowledged_at"], alert["acknowledged_by"]
    if at is not None and by is not None:
        action = code("alert_action", alert["action"] or "other")
        done = f"Acknowledged {moment(at)} by {names.actor(by)}: {action}."
        yield " ".join(filter(None, (done, alert["note"])))
    for note in alert["notes"]:
        yield f"{moment(note['written_at'])}, {names.actor(note['written_by'])}: {note['note']}"


def _when(chart: Chart, ids: set[UUID]) -> str:
    sessions = [moment(each["occurred_at"]) for each in chart.sessions if each["id"] in ids]
    return f" ({', '.join(sessions)})" if sessions else ""


def _about(release: Release, names: Names) -> list[Pair]:
    recipient = release.recipient
    kind = names.words.code("recipient", recipient.kind)
    kind = kind[:1].upper() + kind[1:]
    ends = (("from", release.begin), ("to", release.end))
    period = " ".join(f"{word} {moment(at)}" for word, at in ends if at is not None)
    return pairs(
        ("Recipient", ": ".join(filter(None, (kind, recipient.name)))),
        ("Purpose", release.purpose),
        ("Released because of", _basis(release)),
        ("Period", period or "the whole record"),
        ("Episode", release.episode),
        ("Created", f"{moment(release.at)} by {names.actor(release.by)}"),
    )


def _basis(release: Release) -> str:
    consent = release.consent
    bases = []
    if release.recipient.kind == "patient":
        bases.append("the patient's own right of access")
    if consent is not None:
        bases.append(f"consent to the use of data, given {moment(consent['obtained_at'])}")
    if release.override is not None:
        bases.append(f"a reason that overrides missing consent: {release.override}")
    return "; ".join(bases)


def name_of(person: PatientView | PractitionerView) -> str:
    """A person's name, as far as it is known. One isolate holds it, so that its order is kept."""
    return isolated_whole(full_name(person["given_name"], person["family_name"]))


def _patient(patient: PatientView) -> dict[str, Any]:
    name, born = name_of(patient), patient["birth_date"]
    identifiers = [f"{each['value']} ({each['system']})" for each in patient["identifiers"]]
    line = [
        name,
        f"born {born}" if born else None,
        *(i["value"] for i in patient["identifiers"][:1]),
    ]
    return {
        "line": " · ".join(filter(None, line)),
        "facts": pairs(
            ("Name", name),
            ("Born", born or NOTHING),
            ("Identifiers", "\n".join(identifiers)),
        ),
    }


def _episode(episode: EpisodeView, names: Names) -> dict[str, Any]:
    plan, closed = episode["plan"], episode["closed_at"]
    onset, why = episode["onset_on"], episode["close_reason"] or "no reason given"
    agreed = (
        f"{plan['sessions']} sessions" if plan["sessions"] else None,
        f"{number(plan['per_week'])} a week" if plan["per_week"] else None,
    )
    diagnoses = [
        ": ".join(filter(None, (f"{each['code']} ({each['system']})", each["display"])))
        for each in episode["diagnoses"]
    ]
    code, side = names.words.code, episode["side"]
    region = episode["region"] and names.words.term("regions", episode["region"])
    flags = listed_texts(code("episode_flag", flag) for flag in episode["red_flags"])
    return {
        "title": episode["complaint"],
        "facts": pairs(
            ("Region", listed_texts([region, side and code("side", side)])),
            ("Since", day(onset) if onset else None),
            ("Diagnoses", "\n".join(diagnoses)),
            ("Medical screening", day(episode["medical_screen_on"])),
            ("Red flags", flags or "none recorded"),
            ("Goals", "\n".join(episode["goals"])),
            ("Plan", ", ".join(filter(None, agreed))),
            ("Opened", moment(episode["opened_at"])),
            ("Closed", f"{moment(closed)}: {why}" if closed else None),
        ),
    }


def _event(event: AdverseEventView, names: Names) -> list[str]:
    words = names.words
    kind = words.term("event_kinds", event["kind"])
    what = listed_texts([kind, "close call" if event["close_call"] else None, where(event, words)])
    how = words.code("severity", event["severity"])
    severity = f"{how}, {'expected' if event['expected'] else 'not expected'}"
    parts = (
        event["description"],
        event["action"] and f"Action: {event['action']}",
        event["outcome"] and f"Outcome: {event['outcome']}",
    )
    return [moment(event["occurred_at"]), what, severity, "\n".join(filter(None, parts))]


def _practitioner(
    practitioner: PractitionerView, treated: Sequence[SessionView], names: Names
) -> list[str]:
    """The cells of one practitioner, with the credentials that the sessions recorded."""
    identifiers = [f"{each['value']} ({each['system']})" for each in practitioner["identifiers"]]
    held = [
        f"{names.words.code('credential', each['kind'])}: {each['body']} {each['number']}"
        for session in treated
        if session["practitioner_id"] == practitioner["id"]
        for each in session["credentials"]
    ]
    return [
        name_of(practitioner),
        "\n".join(identifiers) or NOTHING,
        "\n".join(dict.fromkeys(held)) or NOTHING,
    ]
