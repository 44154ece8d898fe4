"""Recall: who was treated with needles of one lot.

Nouns: a *lot* is what a manufacturer prints on a box of needles, as it was written down at each
needling. Invariant: whoever was needled with it is found, once, whatever became of the session
since: a void one is named as such, for the needles were real.

It stands on `app.sessions` and `app.patients`.
"""
