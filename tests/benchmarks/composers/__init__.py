"""Three gateways that compose the same pages of the same answers: Portico's own, and one in the way of each rival.

`documents.py` and `stub.py` are the services behind them, `with_fastapi.py` and `with_fastify/` are the rivals,
`processes.py` runs them all, and `agreement.py` sees to it that they say the same.
"""
