"""Benchmarks: what a request costs, compared with the least that it could cost.

Nouns: a *system* (a server process with a database), the *floor* (a system that runs one statement
per request and does nothing else), a *work* (a kind of request, W1 to W5), a *round* (every work on
every system once). Compare only ratios within one run: absolute times depend on the machine.
"""
