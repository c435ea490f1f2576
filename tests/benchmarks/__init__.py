"""Benchmarks: what Portico does in how long, beside what it replaces and beside its own limit."""
