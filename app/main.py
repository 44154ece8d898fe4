"""The application: its routers and their shared state."""
