"""The format of a ledger: what the server and an offline auditor share.

Nouns: an *entry* and its *leaf* (a hash), the *tree* over all leaves, a signed *note* (checkpoint,
cosignature or proof), an *export* (its lines, manifest and folder) and the *report* of its check.
Invariant: the same bytes give the same verdict on any machine. Stands on the standard library and
`cryptography`, so that an auditor can run it without the server.
"""
