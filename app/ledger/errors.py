"""What is wrong with a ledger that lost an entry. Pure."""


class EntryMissing(ValueError):
    """The ledger has a number whose entry is gone: somebody was at the database."""
