"""How a record can refuse."""

from app.core.values.problems import Conflict


class IdentifierTaken(Conflict):
    """Another record of this clinic has this identifier; `holder_id` names it."""

    code, title = "identifier-taken", "Identifier belongs to another record"


class StillRelied(Conflict):
    """Another record, which refers to this one, would not be true any more; it is named."""

    code, title = "still-relied-on", "Another record relies on this one"
