"""The problems of sessions."""

from app.core.values.problems import Conflict, Forbidden, Invalid


class SessionSigned(Conflict):
    """The session is signed: it can't be signed again or edited. Amend it, or void it."""

    code, title = "session-signed", "Session is already signed"


class SessionDraft(Conflict):
    """A draft can't be amended, because nobody has signed it. Edit it instead."""

    code, title = "session-draft", "Session is still a draft"


class SessionVoid(Conflict):
    """A void session can't be changed. Log a new one."""

    code, title = "session-void", "Session is void"


class NotYourSession(Forbidden):
    """In this clinic, practitioners sign, amend and void only their own sessions."""

    code, title = "not-your-session", "Another practitioner's session"
    denial = "another practitioner's session"


class NotReadyToSign(Invalid):
    """The session can't be signed, or amended, like this. `errors` lists the reasons."""

    code, title = "not-ready-to-sign", "Session can't be signed like this"
