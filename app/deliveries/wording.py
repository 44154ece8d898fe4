"""What a message says: that there is an alert, and where. Nothing about a patient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from app.deliveries.rules import ESCALATED_AFTER
from app.deliveries.views import Next

TYPE: Final = "alert.raised"
SUBJECT: Final = "An alert waits for you"
LATE_SUBJECT: Final = "Late: an alert waits for you"
CONSOLE: Final = "/console/alerts"
_MINUTES: Final = int(ESCALATED_AFTER.total_seconds()) // 60
_AGAIN: Final = "Nobody else is told. If nobody acknowledges it, the messages begin again after"
_FOLLOWING: Final[Mapping[Next, str]] = {
    "person": f"If nobody acknowledges it within {_MINUTES} minutes, the next person is told.",
    "missed": "Others could not be reached yet. They are tried again.",
    "round": f"{_AGAIN} an hour.",
    "later_round": f"{_AGAIN} a day.",
    "nothing": "This is the last message about it.",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message about one alert."""

    id: UUID
    """The same in each attempt."""
    clinic_id: UUID
    clinic_name: str
    resource: str
    resource_id: UUID
    raised_at: datetime
    at: datetime
    late: bool
    repeated: bool
    """Whether others, or the same person, were told before."""
    follows: Next
    """What follows if nobody acknowledges."""
    public_url: str | None

    @property
    def link(self) -> str | None:
        """The page of the alert; None if the settings don't say where the console is."""
        if self.public_url is None:
            return None
        return f"{self.public_url.rstrip('/')}{CONSOLE}/{self.resource_id}"

    @property
    def subject(self) -> str:
        """The subject of the e-mail."""
        return LATE_SUBJECT if self.late else SUBJECT

    def text(self, zone: ZoneInfo) -> str:
        """Return the text, with times of the clinic's zone."""
        raised = f"{self.raised_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        lines = [f"An alert was raised at {raised}, in {self.clinic_name}."]
        if self.late:
            waited = _duration_words(int((self.at - self.raised_at).total_seconds()) // 60)
            lines.append(f"This message is late: it could not be sent for {waited}.")
        if self.repeated:
            lines.append("Nobody has acknowledged it yet.")
        where = self.link or "Open the console, and there Alerts."
        lines += ["", "Read it and acknowledge it:", where, "", _FOLLOWING[self.follows]]
        return "\n".join(lines) + "\n"


def _duration_words(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [
        f"{count} {noun}{'' if count == 1 else 's'}"
        for count, noun in ((hours, "hour"), (rest, "minute"))
        if count
    ]
    return " ".join(parts)
