"""The ledger: a clinic's append-only list of all changes, reads and security events.

Nouns: an *entry* (what was done, by whom, to which record, and the record after it), its
*number* (1, 2, 3 … per clinic, without gaps), its *leaf* (the hash that the Merkle tree covers).
Invariant: number order = commit order = visibility order, because the number comes from the
clinic's counter row in the last statements before the commit. Entries are never changed.
Version history, change feed, proofs, disclosures and export all read the same entries. Stands on
`core`; `format` holds what an offline auditor shares with the server.
"""
