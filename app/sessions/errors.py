"""How a session can refuse."""

from app.core.values.problems import Conflict, Invalid


class SessionSigned(Conflict):
    """A signed session is a record, not a draft: amend it instead of editing it."""

    code, title = "session-signed", "Session is already signed"


class SessionDraft(Conflict):
    """A draft is edited, not amended: nobody has signed it yet."""

    code, title = "session-draft", "Session is still a draft"


class SessionVoid(Conflict):
    """A void session stays as it is; log a new one."""

    code, title = "session-void", "Session is void"


class NotReadyToSign(Invalid):
    """The session isn't yet what a signature would vouch for; `errors` lists why."""

    code, title = "not-ready-to-sign", "Session can't be signed yet"
