"""State equals ledger: whether every stored row is what its newest ledger entry says.

Nouns: a *state* (rows of one kind that the ledger has, such as sessions or devices), a
*difference* (a row that is not what the ledger says, is missing, or that no entry made), the
*walk* (the keeper checks every row and entry within a day). Invariant: a check changes no row and
no record; it only writes down what it found. Stands on `kinds` and `retention`.
"""
