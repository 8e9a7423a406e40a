"""State of the platform; it knows no HTTP."""
