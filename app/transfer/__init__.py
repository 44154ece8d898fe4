"""Imports: files of rows, checked one by one, and stored in batches.

Nouns: a *row* (one record in a file), an *import* (of all rows of one file), its *report* (the
counts and the errors).

Invariants: an invalid row never stops the others. Importing the same file again creates nothing
twice. Memory does not grow with the file. Builds on `records`, and on every feature that has a
kind of record.
"""
