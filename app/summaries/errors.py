"""The problems of chart summaries."""

from http import HTTPStatus

from app.core.values.problems import Conflict, Invalid, Problem


class ConsentMissing(Conflict):
    """The record has no valid consent of the patient to this use of data.

    Record a consent of kind `data_use`, or send an `override_reason`, which the ledger keeps.
    """

    code, title = "consent-missing", "No consent to this release"


class ChartTooLong(Invalid):
    """The chart is too long for one summary. Choose a shorter period with `from` and `to`."""

    code, title = "chart-too-long", "Chart is too long"


class Unprintable(Conflict):
    """A text of the record has a character that no font on the server can show.

    `resource`, `resource_id` and `pointer` name the text. Nothing was released, because a summary
    never leaves text out. Install a font on the server for the script that `detail` names.
    """

    code, title = "unprintable", "No font for a character"


class PressMissing(Problem):
    """This server can't write PDF files. Its operator has to install the extra `pdf`."""

    status, code, title = HTTPStatus.NOT_IMPLEMENTED, "press-missing", "PDF is not installed"
