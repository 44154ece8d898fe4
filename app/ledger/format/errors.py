"""Errors of an export of the ledger. Pure."""


class EntryMissing(ValueError):
    """An entry is missing or wrong: somebody altered the database."""


class Overtaken(ValueError):
    """A patient was erased during the export, so it lacks the entry that explains the erasure."""
