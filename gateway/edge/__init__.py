"""What stands around every endpoint: whether there is a place for a request, and any left for its caller; and why."""
