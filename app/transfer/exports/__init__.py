"""Exports: flat tables for analysis, and records that can be imported again.

Nouns: a *dataset* (one table of one clinic, with declared *columns*), a *format* (NDJSON, CSV,
Parquet), a *package* (the description of the datasets for programs), a *research* export (a
de-identified one).

Invariants: one declaration of a column gives its cells, its types, its description and its
treatment for research. An export shows one moment. Every patient in it has an access entry in the
ledger before the first byte is sent. Builds on every feature that has a kind of record, and on
`progress`.
"""
