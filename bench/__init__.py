"""What a request costs, next to the least that it could cost.

Nouns: a *system* (a server process on a database), a *floor* (a system that does one statement
per request and nothing else), a *work* (a kind of request, W1 to W5), a *round* (every work on
every system once). Only the ratios of one run mean anything: absolute times belong to a machine.
"""
