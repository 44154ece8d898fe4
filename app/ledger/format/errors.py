"""Why an export of the ledger can't be made. Pure."""


class EntryMissing(ValueError):
    """An entry is gone or not what it has to be: somebody was at the database."""


class Overtaken(ValueError):
    """A patient was erased while the export was made: it lacks the entry that explains that."""
