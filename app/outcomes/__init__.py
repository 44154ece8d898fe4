"""Outcomes: what became of a clinic's patients, as numbers of them.

Nouns: a *cohort* is those whose care began within a period; a *course of care* one patient's
visits in one episode, or in none; a *group* the part of a cohort that shares a region, a diagnosis
or a technique.

Invariant: nobody can be recognised. Fewer than 5 patients make no group, a number from 1 to 4 is
not given, and no practitioner stands beside another.

It stands on `app.progress`, whose measures and responders it counts.
"""
