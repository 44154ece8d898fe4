"""What a browser sees: the console, the API's documentation, and what each problem means.

Nouns: a *page*. Invariant: a page loads nothing from anywhere but this server, and its
Content-Security-Policy says so. `console` stands on what it shows, all else on `core`.
"""
