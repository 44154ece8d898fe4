"""A clinic's own words: the rows that it adds to a vocabulary.

Nouns: a *term* is an own row, with a code that begins with `own_`. Invariant: its code never
changes, and none of its words belongs to another row of the vocabulary. Records take the words of
active terms; the words of inactive ones stay reserved.

It uses `app.records` and `app.vocabularies`.
"""
