"""Problems of emergency access."""

from uuid import UUID

from app.core.values.problems import Conflict


class EmergencyOpen(Conflict):
    """This client has emergency access already: end it first, or wait until its time is over."""

    code, title = "emergency-open", "Emergency access is open already"

    def __init__(self, id: UUID) -> None:
        super().__init__(resource="emergencies", resource_id=str(id))


class EmergencyNotOver(Conflict):
    """This emergency access is still open: review it once it has ended."""

    code, title = "emergency-not-over", "Emergency access is still open"
