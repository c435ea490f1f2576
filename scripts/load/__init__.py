"""Load on a running platform: orders placed through Envoy as customers place them, recorded and followed to their end.

`wishes` say what to order, `customers` who orders, `placing` sends one order, `loops` send many, `record` keeps what
was answered, `endings` ask what became of it, `run` does it all and `report` sums it up; `stock` checks the shelves.
"""
