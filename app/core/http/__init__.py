"""HTTP: routes, who may call them, what they read and answer, and all that stands around them.

Nouns: a *route*, its *contract* (what its signature says), a *request*, an *answer*, a *page* of a
list. Invariant: the caller is known before a body is read, and a change is committed before its
answer is sent. Stands on the operation, the database and the values.
"""
