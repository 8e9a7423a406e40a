"""WeChat apps of the company, the clients that use them, and known users.

Owns the models App, Route, Authorizer, Client and KnownUser, the schema of their
documents, how they are found, and who may sign in to a client.
Packages above it import it; it reads documents and knows no request. Begin with
models.py, then registry.py.
"""
