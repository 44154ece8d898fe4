"""The pages for browsers: the console, the API's documentation, and the meaning of each problem.

Nouns: a *page*. Invariant: a page loads files only from this server, and its
Content-Security-Policy enforces that. `console` builds on the features that it shows, the rest
only on `core`.
"""
