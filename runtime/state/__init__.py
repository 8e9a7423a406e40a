"""Redis: clients, commands with one error for "away", a single flight of threads.

It does not know what is stored. Every package above it may import it. Begin with
redis_store.py.
"""
