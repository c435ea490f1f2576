"""Public answers, kept for a moment: in the memory of each gateway, and in Redis for all of them."""
