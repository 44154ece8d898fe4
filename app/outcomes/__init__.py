"""Outcomes: counts of a clinic's patients by how their care ended.

Nouns: a *cohort* is the patients whose care began in a period. A *course of care* is one patient's
visits in one episode, or in none. A *group* is the part of a cohort that shares a region, a
diagnosis or a technique.

Invariant: an answer identifies nobody. Groups of fewer than 5 patients and counts from 1 to 4 are
suppressed. Practitioners are not compared. Each answer leaves a ledger entry, because comparing
two answers may still reveal something.

Stands on `app.progress`: it counts the measures and important improvements from there.
"""
