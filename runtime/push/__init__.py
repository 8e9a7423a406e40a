"""Pushes: what the platforms send to the gateway, and what services get of it.

Owns the encryption of pushes, their parsing, the inbox, routes and relaying. Functions,
operations and the gateway may import it. Begin with `encryption` and `push_message`.
"""
