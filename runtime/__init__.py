"""What the functions share; knows FC and Redis, knows no Tornado server."""
