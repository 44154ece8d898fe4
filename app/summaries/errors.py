"""How a summary can be refused."""

from http import HTTPStatus

from app.core.values.problems import Conflict, Invalid, Problem


class ConsentMissing(Conflict):
    """The patient's consent to this use of data is not on record, or is over.

    Record a consent of kind `data_use`, or give an `override_reason`: it stays in the ledger.
    """

    code, title = "consent-missing", "No consent to this release"


class ChartTooLong(Invalid):
    """The chart is too long for one summary: choose a shorter period by `from` and `to`."""

    code, title = "chart-too-long", "Chart is too long"


class Unprintable(Conflict):
    """A text of the record has a character that no font of the server can show.

    It is named: `resource`, `resource_id` and `pointer`. Nothing is left out, so nothing was
    released; install a font for the script that `detail` names, on the server.
    """

    code, title = "unprintable", "No font for a character"


class PressMissing(Problem):
    """This server makes no PDF: its operator has to install Needlework with the extra `pdf`."""

    status, code, title = HTTPStatus.NOT_IMPLEMENTED, "press-missing", "PDF is not installed"
