"""What a browser sees. So far: the API's documentation, and what each problem means.

Nouns: a *page*. Invariant: a page loads nothing from anywhere but this server, and its
Content-Security-Policy says so. Stands on `core`.
"""
