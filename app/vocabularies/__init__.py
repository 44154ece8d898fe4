"""Vocabularies: the words for regions, events, contraindications and what else was done.

Nouns: a *vocabulary* is a list of rows; a *row* has a code, a name and synonyms; an *own row* is a
clinic's, and its code begins with `own_`.
Invariant: in a vocabulary, each name and synonym belongs to one row, however it is spelt. A row's
code never changes its meaning, because records contain it.
It stands on `core` and `data/`. `app.terms` writes the own rows, as records.
"""
