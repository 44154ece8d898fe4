"""What every feature stands on: `http`, the `operation`, `db` and `values`, each on the next.

Nouns: an `Operation` (who does what, in which clinic, at what instant, in which
transaction), a `Problem` (an error as the client sees it), a `Table` (rows of a clinic).
Invariant: nothing here imports a feature; the one commit of a request is in `db/database.py`.
"""
