"""Bundles: everything about one patient as a zip file, for a request of access to it.

Nouns: a *bundle* has *files*, and a *manifest* that lists them with their digests.

Invariants: every kind of record is in it, or the manifest says why not. All of it is of one moment,
but for the printed chart. The ledger has the disclosure before the first byte is sent. Memory does
not grow with the record. Builds on every kind of record, on `notes`, `summaries` and the ledger.
"""
