"""What happens at the gateway's own edge, around every endpoint."""
