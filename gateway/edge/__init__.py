"""What stands before every endpoint: whether there is a place for a request, and whether its caller has any left."""
