"""A timer's function: fetches what will be due, before anybody waits for it."""
