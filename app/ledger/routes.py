"""`/v1/changes`: the ordered feed of everything that changed."""

from app.core.access import Scope
from app.core.operation import Operation
from app.core.routing import Answer, Routes
from app.ledger import queries
from app.ledger.schemas import ChangeFilters, ChangesView

routes = Routes("/v1/changes", "changes")


@routes.get("", name="changes.list", scope=Scope.CHANGES_READ, view=ChangesView)
def changes(op: Operation, filters: ChangeFilters) -> Answer:
    """List changes in the order they were made.

    Numbers rise strictly; no change is missed, repeated or reordered however many writers
    there are. Keep `cursor` and pass it as `after` to go on later.
    """
    items, more = queries.changes(op, filters.after, filters.limit)
    cursor = items[-1]["number"] if items else filters.after
    following = {"after": cursor} if more else None
    return Answer({"items": items, "next": None, "cursor": str(cursor)}, following=following)
