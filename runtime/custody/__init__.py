"""A room of runtime."""
