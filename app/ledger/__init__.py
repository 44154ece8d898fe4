"""The ledger: a clinic's append-only account of everything that changes.

Nouns: an *entry* (what was done, by whom, to which record, and the record after it), its
*number* (dense: 1, 2, 3 … per clinic), its *leaf* (the hash that the Merkle tree covers).
Invariant: number order = commit order = visibility order, because the number comes from the
clinic's counter row in the last statements before the commit. Entries are never changed.
Version history, the change feed, the tree's proofs, the account of reads and the export all read
the same entries. Stands on `core`; `format` holds what an offline auditor shares with the server.
"""
