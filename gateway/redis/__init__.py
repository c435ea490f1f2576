"""Redis as the gateway uses it, for what may be lost: limits and the cache, live updates and their tickets."""
