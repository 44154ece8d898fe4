"""What every feature stands on, and which knows no feature.

Nouns: an `Operation` (who does what, in which clinic, at what instant, in which
transaction), a `Problem` (a fault as the client sees it), a `Table` (rows of a clinic).
Invariant: nothing here imports a feature; the one commit of a request is in `database`.
"""
