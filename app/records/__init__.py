"""Records: how everything that a clinic writes down is created, changed, read and listed.

Nouns: a *kind* (patients, sessions, consents …: its table, its body, its view), a record's
*content* (what its client sends), its *view* (content and what the server adds), a *fact*
(what the rules must know of the records that a body refers to).
Invariant: a record and its ledger entry are written in one transaction; a record changes only
from the version that its client names; an id sent twice is one record.
Stands on `core` and `ledger`. The features above say what is special about their kinds.
"""
