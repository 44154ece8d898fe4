"""Outcomes: what became of a clinic's patients, as numbers of them.

Nouns: a *cohort* is those whose care began within a period; a *course of care* one patient's
visits in one episode, or in none; a *group* the part of a cohort that shares a region, a diagnosis
or a technique.

Invariant: nobody can be recognised in an answer. Fewer than 5 patients make no group, a number from
1 to 4 is not given, no practitioner stands beside another, and each answer leaves its entry: two of
them may still be compared.

It stands on `app.progress`, whose measures and responders it counts.
"""
