"""The services as the gateway sees them: calls through Envoy's internal listener, and the fields it reads."""
