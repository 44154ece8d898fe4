"""What a note is made of, and what it is made into. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypedDict

from app.episodes.views import EpisodeView
from app.followups.views import FollowUpView
from app.measurements.views import MeasurementView
from app.patients.views import PatientView
from app.practitioners.views import PractitionerView
from app.safety.views import AdverseEventView, ConsentView, ScreeningView
from app.sessions.views import SessionView


class NoteRecords(TypedDict):
    """The records of a visit, by the noun of their kind. None: the client may not read them."""

    sessions: list[SessionView] | None
    """Only the session whose note it is. The client may read it."""
    patients: list[PatientView] | None
    practitioners: list[PractitionerView] | None
    episodes: list[EpisodeView] | None
    consents: list[ConsentView] | None
    """The last decision on each kind of treatment by the end of the visit."""
    screenings: list[ScreeningView] | None
    measurements: list[MeasurementView] | None
    """Those that name the session. Others are part of the session itself."""
    follow_ups: list[FollowUpView] | None
    adverse_events: list[AdverseEventView] | None


class Change(NamedTuple):
    """A version of the session, without its content: who made it, when and why."""

    version: int
    operation: str
    at: datetime
    actor: str
    reason: str | None
    parts: Sequence[str] = ()
    """Of an amendment: the parts of the note that it changed, in the note's language."""


class Visit(NamedTuple):
    """A session with what belongs to it."""

    clinic: str
    """The clinic's name."""
    session: SessionView
    records: NoteRecords
    changes: Sequence[Change]
    """Every version of the session, oldest first."""
    differs: bool
    """Whether a record is known to differ from the ledger."""
    newest: int | None = None
    """The number of the newest version, if this is an earlier one."""


class Section(NamedTuple):
    """A part of a note: its title, and its lines. A line may hold line ends that people wrote."""

    title: str
    lines: Sequence[str]


class Note(NamedTuple):
    """A note, before it is written in a form."""

    tag: str
    """Its language, by its BCP 47 tag."""
    direction: str
    """Where lines begin: `ltr` or `rtl`."""
    running: str
    """Whose note it is, for each page of its print: the patient and the clinic."""
    title: str
    head: Sequence[str]
    sections: Sequence[Section]
    foot: Sequence[str]
