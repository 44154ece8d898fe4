"""Why an export of the ledger can't be made. Pure."""


class EntryMissing(ValueError):
    """The ledger has a number whose entry is gone: somebody was at the database."""


class Overtaken(ValueError):
    """A patient was erased while the export was made: it lacks the entry that explains that."""
