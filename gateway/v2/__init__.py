"""What version 2 shows otherwise than version 1, one module a resource; all else is the same."""
