"""The core, used by every feature: `http`, the `operation`, `db` and `values`.

Each of these imports only those that follow it.

Nouns: an `Operation` (who does what, in which clinic, at what instant, in which
transaction), a `Problem` (an error as the client sees it), a `Table` (rows of a clinic).
Invariant: nothing here imports a feature. The one commit of a request is in `db/database.py`.
"""
