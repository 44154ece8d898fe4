"""Recall: which patients were treated with needles of one lot.

Nouns: a *lot* is the manufacturer's code on a box of needles, as recorded with each needling.
Invariant: every patient needled with the lot is found once. Void sessions count too, and are
marked as void, because the needles were used.

Stands on `app.sessions` and `app.patients`.
"""
