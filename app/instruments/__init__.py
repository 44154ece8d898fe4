"""Outcome measures: their scales, and which change matters.

Nouns: an *instrument* (a questionnaire, a scale or a device), its *thresholds* (MDC and MCID,
each row with its source).
Invariant: thresholds are data with an id. Changed figures get a new id, so every verdict can be
traced to its thresholds. Each instrument has at most one default row without a region, and one
for each region. No instrument's items are reproduced here.
Stands on `core`, and `data/`.
"""
