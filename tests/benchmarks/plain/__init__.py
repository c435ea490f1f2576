"""The least that could stand in Portico's place: Envoy without filters, and behind it an answer that never changes."""
