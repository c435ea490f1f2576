"""What can be changed while the platform runs: typed sections with defaults in code, and what Consul has instead."""
