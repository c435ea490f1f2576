"""The programs the platform needs that are no Python packages: how each is got and how it is run."""
