"""Live updates: what the bus says is passed between replicas over Redis and streamed to whoever watches."""
