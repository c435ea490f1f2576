"""Orders: accepted at once, kept as an event stream, carried through by a saga over the bus."""
