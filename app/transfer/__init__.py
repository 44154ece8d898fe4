"""Getting records in: files of rows, checked one by one, kept in batches.

Nouns: a *row* (one record as a line of a file names it), an *import* (working through the rows
of one file), its *report* (what became of them).
Invariant: a bad row never stops the others; the same file twice makes nothing twice; memory
doesn't grow with the file. Stands on `records`, and on every feature that has a kind of record.
"""
