"""The database: connections, transactions, tables, and the differences of the two dialects.

Nouns: a *table*, a *statement*, a *transaction*. Invariant: one place commits (`database`).
Uses SQLAlchemy and `values`; knows no HTTP.
"""
