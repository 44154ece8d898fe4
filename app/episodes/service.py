"""Episodes as a kind of record."""

from sqlalchemy import bindparam

from app.core.operation import Operation
from app.episodes.models import Episode
from app.episodes.schemas import EpisodeBody, EpisodeFilters, EpisodeView
from app.records.kinds import Appearances, Facts, Kind, LeftOut, Reference, Viewed


class Episodes(Kind[EpisodeBody]):
    """Episodes of a patient."""

    noun = "episodes"
    singular = "episode"
    table = Episode
    body = EpisodeBody
    view = EpisodeView
    filters = EpisodeFilters
    references = (Reference("patient_id", "patients"),)
    conditions = {
        "patient_id": Episode.patient_id == bindparam("patient_id"),
        "status": Episode.status == bindparam("status"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("It spans time; its sessions stand there."),
        chart_summary=True,
        console=LeftOut("Its plan and its region stand beside the progress of its sessions."),
    )
    facts = {"patient_id": Episode.__table__.c.patient_id}

    def derive(self, op: Operation, view: Viewed, facts: Facts) -> None:
        """An episode that doesn't say when it was opened was opened when it was recorded."""
        del op, facts
        view["opened_at"] = view["opened_at"] or view["created_at"]


EPISODES = Episodes()
