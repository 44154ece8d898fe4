"""The problems of records."""

from app.core.values.problems import Conflict


class IdentifierTaken(Conflict):
    """Another record of this clinic has this identifier. `holder_id` is its id."""

    code, title = "identifier-taken", "Identifier belongs to another record"


class StillReliedOn(Conflict):
    """Another record refers to this one, and this change would make it wrong.

    `resource` and `resource_id` name the other record.
    """

    code, title = "still-relied-on", "Another record relies on this one"


class DiffersFromLedger(Conflict):
    """The record isn't what the ledger states: somebody changed it outside the program.

    It can be read, but not changed. Run `python -m app doctor --deep` for the details.
    """

    code, title = "differs-from-ledger", "Record differs from the ledger"


class PossibleDuplicate(Conflict):
    """The record resembles stored ones, which `possible_duplicates` names with the reason.

    Nothing was stored. Send it without `on_duplicate=reject` if it is another one.
    """

    code, title = "possible-duplicate", "Record resembles a stored one"
