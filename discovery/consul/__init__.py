"""What every process needs of Consul: registration, watches and the key-value store."""
