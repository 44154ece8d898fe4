"""Outcome measures: what is asked or measured, on which scale, and which change matters.

Nouns: an instrument (a questionnaire, a scale or a device), its thresholds (the smallest
change that is real, and the smallest that is worthwhile, each row with its source).
Invariant: thresholds are data with an id; a figure that changes gets a new id, so a verdict
can always be traced to what it was measured against. Each instrument has at most one default
row. No instrument's items are reproduced here.
Stands on: core, and `data/`.
"""
