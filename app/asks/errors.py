"""Problems of the patient's link."""

from http import HTTPStatus

from app.core.values.problems import Problem


class LinkClosed(Problem):
    """This link takes no answer now. `state` says why, and what its page shows."""

    status, code, title = HTTPStatus.CONFLICT, "link-closed", "The link takes no answer"
