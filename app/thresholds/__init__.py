"""A clinic's own thresholds: which change it calls real (MDC), and which important (MCID).

Nouns: *thresholds*, of one instrument, for one body region or for any. Invariant: if a clinic has
active thresholds, its verdicts use them instead of the published ones, and name the record and
its version. If several apply, the newest record counts.

It uses `app.records` and `app.instruments`.
"""
