"""Why the glass isn't broken twice."""

from uuid import UUID

from app.core.values.problems import Conflict


class EmergencyOpen(Conflict):
    """This client has emergency access already: end that one first, or let it end by itself."""

    code, title = "emergency-open", "Emergency access is open already"

    def __init__(self, id: UUID) -> None:
        super().__init__(resource="emergencies", resource_id=str(id))
