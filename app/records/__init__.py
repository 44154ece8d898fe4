"""Records: how records of every kind are created, changed, read and listed.

Nouns: a *kind* (patients, sessions, consents …: its table, its body, its view), a record's
*content* (what its client sends), its *view* (the content and what the server adds), a *fact*
(what the rules may know of the records that a body refers to).
Invariant: a record and its ledger entry are written in one transaction. A record changes only
from the version that its client names. An id that is sent twice is one record.
Uses `core` and `ledger`. The features above add what is special about their kinds.
"""
