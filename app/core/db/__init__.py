"""The database: connections, transactions, tables, and what the two databases spell differently.

Nouns: a *table*, a *statement*, a *transaction*. Invariant: one place commits (`database`).
Stands on SQLAlchemy and the values; knows no HTTP.
"""
