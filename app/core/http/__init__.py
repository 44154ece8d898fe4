"""HTTP: routes, authorization, requests, answers, middleware and the OpenAPI document.

Nouns: a *route*, its *contract* (what its signature says), a *request*, an *answer*, a *page* of a
list. Invariant: the caller is known before a body is read, and a change is committed before its
answer is sent. Uses `operation`, `db` and `values`.
"""
