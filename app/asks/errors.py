"""The problems of asks, and of their links."""

from app.core.values.problems import Conflict


class AskNotSendable(Conflict):
    """No message may go to the patient now. `reason` says why.

    It is one of the reasons of an ask, such as `stopped` or `void`; or `answered`: a report has
    come; `being_sent`: a message is under way; `too_often`: people sent it three times again;
    `too_early` or `too_late`: it is not 18 to 60 hours after the visit.
    """

    code, title = "ask-not-sendable", "The patient can't be asked now"


class AskEnded(Conflict):
    """The ask has ended already, so there is nothing to cancel. `ask_status` says how it ended."""

    code, title = "ask-ended", "Ask has ended already"


class LinkClosed(Conflict):
    """This link takes no answer now. `state` says why, and what its page shows.

    If `in_danger`, the answer names a red flag: the clinic is told, and the numbers to call must be
    shown at once.
    """

    code, title = "link-closed", "The link takes no answer"
