"""Version 1 of the public API: its endpoints in one table, and how it differs from the services' own shapes."""
