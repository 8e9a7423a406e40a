"""State of one account, one module a subject; it knows no HTTP."""
