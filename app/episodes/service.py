"""Episodes as a kind of record."""

from datetime import date, datetime
from typing import TypedDict

from sqlalchemy import bindparam

from app.core.operation import Operation
from app.episodes.models import Episode, EpisodeIdentifier
from app.episodes.schemas import EpisodeBody, EpisodeFilters
from app.episodes.views import EpisodeView
from app.records import identifiers
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Facts, Kind, Reference


class Derived(TypedDict):
    """The members that the server adds to an episode."""

    opened_at: datetime


class Episodes(Kind[EpisodeBody, EpisodeView]):
    """Episodes of a patient."""

    noun = "episodes"
    singular = "episode"
    table = Episode
    body = EpisodeBody
    view = EpisodeView
    filters = EpisodeFilters
    references = (Reference("patient_id", "patients"),)
    identified_by = EpisodeIdentifier
    children = (identifiers.child(EpisodeIdentifier),)
    nested = identifiers.nested(EpisodeIdentifier, Episode)
    before = {"identifiers": []}
    conditions = {
        "identifier": identifiers.condition(EpisodeIdentifier, Episode),
        "patient_id": Episode.patient_id == bindparam("patient_id"),
        "status": Episode.status == bindparam("status"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("It lasts for months. The timeline has its sessions."),
        chart_summary=True,
        console=LeftOut("Its plan and region are shown with the progress of its sessions."),
        note=True,
    )
    facts = {"patient_id": Episode.__table__.c.patient_id}

    def derive(
        self, op: Operation, body: EpisodeBody, current: EpisodeView | None, facts: Facts
    ) -> Derived:
        """Use the time of recording for an episode without `opened_at`."""
        del facts
        recorded_at = op.at if current is None else current["created_at"]
        return {"opened_at": body.opened_at or recorded_at}

    def happened(self, body: EpisodeBody) -> dict[str, datetime | date | None]:
        """Return the onset and the medical screen, and when the episode opened and closed."""
        return {
            "onset_on": body.onset_on,
            "medical_screen_on": body.medical_screen_on,
            "opened_at": body.opened_at,
            "closed_at": body.closed_at,
        }


EPISODES = Episodes()
