"""Every message that travels over RabbitMQ: one frozen model each, one module per owning service, one copy of it.

`topology` says who listens to what; `examples/` holds one JSON document per message that must keep parsing.
"""
