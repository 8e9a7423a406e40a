"""A sign-in in progress, and the session that follows it.

Owns flows with their cookies, sessions, and the sign-out of a user everywhere. It does
not know apps or clients, only their ids. The packages tokens and broker, the functions
and the gateway import it. Begin with flows.py.
"""
