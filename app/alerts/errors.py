"""The problems of alerts."""

from app.core.values.problems import Conflict


class AlertAcknowledged(Conflict):
    """Somebody has acknowledged this alert already: the problem says who, when and what they did.

    Add a note if that was a mistake, or if there is more to say.
    """

    code, title = "alert-acknowledged", "Alert is already acknowledged"


class AlertNotesFull(Conflict):
    """An alert has at most 50 notes. Write further ones into the patient's record."""

    code, title = "alert-notes-full", "Alert has all the notes that it can have"
