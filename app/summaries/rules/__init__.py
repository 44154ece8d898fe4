"""What is pure of a summary: may it leave, and what does it say. No database, no framework."""
