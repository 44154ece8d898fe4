"""Problems of the ledger."""

from http import HTTPStatus
from typing import ClassVar

from app.core.values.problems import Problem


class CursorSuperseded(Problem):
    """The ledger was set back to an earlier state since you got this cursor.

    A restored backup does that. You may have read changes that don't exist any more, and the ledger
    may have other changes under the same numbers. Read again from `after=0`. Or fetch the records
    that you hold, take the `cursor` of the newest change, and continue there.
    """

    remedy: ClassVar[str] = (
        "Read again from `after=0`. Or fetch the records that you hold, take the `cursor` of the"
        " newest change, and continue there."
    )
    status, code, title = HTTPStatus.GONE, "cursor-superseded", "Cursor is superseded"
