"""Payment providers: the port, and one module per adapter."""
