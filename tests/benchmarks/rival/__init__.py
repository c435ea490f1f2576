"""The blocking prototype that Portico replaces, re-created in Node to be measured beside it.

`prototype/` has the gateway and the three services, `node.py` gets what they run on, `processes.py` runs them.
"""
