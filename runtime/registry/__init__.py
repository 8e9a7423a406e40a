"""WeChat apps of the company, and the clients that use them.

Owns the models App and Client, the schema of their documents, and how both are found.
Packages above it import it; it reads documents and knows no request. Begin with
models.py, then registry.py.
"""
