"""GraphQL: what pages show, in the shape that a client wants it in, under the habits of all other endpoints."""
