"""What stands against an erasure."""

from app.core.problems import Conflict


class NoPolicy(Conflict):
    """The clinic has not said how long it keeps records: set its retention policy first."""

    code, title = "no-retention-policy", "No retention policy"


class OnHold(Conflict):
    """A legal hold is on this patient's record: release it first."""

    code, title = "legal-hold", "Record is on legal hold"


class TooEarly(Conflict):
    """The record has to be kept for longer."""

    code, title = "retention-running", "Retention is still running"
