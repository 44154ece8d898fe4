"""Messages for the form's choices, its faults and the other states of a page."""

from collections.abc import Mapping
from typing import Final

from app.languages.queries import message

CHANGES: Final[Mapping[str, str]] = {
    "much_worse": message("Much worse"),
    "worse": message("Worse"),
    "same": message("About the same"),
    "better": message("Better"),
    "much_better": message("Much better"),
}
RED_FLAGS: Final[Mapping[str, str]] = {
    "breathlessness": message("Shortness of breath"),
    "chest_pain": message("Pain in the chest"),
    "dry_cough": message("A new dry cough"),
    "fever_or_spreading_redness": message("Fever, or redness of the skin that spreads"),
    "new_numbness_or_weakness": message("New numbness or weakness"),
    "fainting": message("Fainting"),
}
WHO: Final[Mapping[str, str]] = {
    "patient": message("I was treated"),
    "for_patient": message("I answer for the person who was treated"),
    "not_me": message("Neither: this message is not for me"),
}
FAULTS: Final[Mapping[tuple[str, str], str]] = {
    ("soreness", "missing"): message("Choose a number for how sore you are."),
    ("red_flags", "missing"): message("Tick what you have, or tick “None of these”."),
    ("red_flags", "contradictory"): message(
        "You ticked “None of these” and also one of the others. Tick only what is true."
    ),
    ("comment", "string_too_long"): message("Your text is too long. Please shorten it."),
}
"""What is wrong with a field, by its name and the code of the fault."""
OTHER_FAULT: Final = message("This can't be sent as it is. Please enter it again.")
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "not_yet": (
        message("It is too early to answer"),
        message("Please open this link again from %(day)s, %(time)s."),
    ),
    "expired": (
        message("This link has ended"),
        message("It took answers for two weeks. Please call us if something worries you."),
    ),
    "stopped": (
        message("We won't ask you again"),
        message("These messages have been stopped. You need not do anything."),
    ),
    "closed": (
        message("There is nothing to answer any more"),
        message("These questions have been closed. You need not do anything."),
    ),
    "not_me": (
        message("Thank you for telling us"),
        message("This link works no longer. The clinic is told that it reached somebody else."),
    ),
    "unknown": (
        message("This link doesn't work"),
        message("Please open the link in the newest message, or call the clinic that sent it."),
    ),
    "full": (
        message("We can't take another answer here"),
        message("This link takes no more answers. Please call us, so that nothing is missed."),
    ),
    "unavailable": (
        message("Something doesn't work at the moment"),
        message("Please try again in a few minutes, or call the clinic."),
    ),
    "unreadable": (
        message("This could not be read"),
        message("Please open the link again and answer once more, or call the clinic."),
    ),
    "busy": (
        message("Too many tries"),
        message("Please wait a minute, and then open the link in the newest message."),
    ),
}
"""By state, the heading and the words of a page without a form."""
NOT_STORED: Final = message(
    "We could not store your answer. What you entered is still here. Please press “Send” again."
)
