"""Getting data out: flat tables for whoever analyses, and records that can be imported again.

Nouns: a *dataset* (one table of one clinic, with declared *columns*), a *format* (NDJSON, CSV,
Parquet), a *package* (what describes the datasets to a machine), a *research* export (one without
what tells who somebody is).
Invariant: one declaration of a column makes its cells, its types, its description and what becomes
of it for research; an export is one moment, and every patient in it is in the ledger before its
first byte leaves. Stands on every feature that has a kind of record, and on `progress`.
"""
