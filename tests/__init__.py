"""The promises of Needlework, each held on SQLite and on a real PostgreSQL."""
