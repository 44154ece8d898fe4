"""Problems of clients."""

from app.core.values.problems import Conflict


class NoKeyToRotate(Conflict):
    """This client has no API key that works: it is a back end, was revoked, or has expired."""

    code, title = "no-key-to-rotate", "Client has no working API key"
