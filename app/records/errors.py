"""How a record can refuse."""

from app.core.problems import Conflict


class IdentifierTaken(Conflict):
    """Another record of this clinic has this identifier; `holder_id` names it."""

    code, title = "identifier-taken", "Identifier belongs to another record"
