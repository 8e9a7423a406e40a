"""A room of host."""
