"""Problems of ending clients."""

from app.core.values.problems import Conflict


class LastOwner(Conflict):
    """No other owner could sign in: make another owner first, or use the command line."""

    code, title = "last-owner", "The clinic would have no owner"
