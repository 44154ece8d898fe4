"""The ledger: a clinic's append-only account of everything that changes.

Nouns: an *entry* (what was done, by whom, to which record, and the record after it), its
*number* (dense: 1, 2, 3 … per clinic), its *leaf* (the hash that a Merkle tree will cover).
Invariant: number order = commit order = visibility order, because the number comes from the
clinic's counter row in the last statements before the commit. Entries are never changed.
Stands on `core` only. Version history and the change feed are read from here; the tree, its
proofs, the account of reads and the export stand on the same entries.
"""
