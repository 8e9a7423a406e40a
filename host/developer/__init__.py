"""Defaults of a developer's machine: Redis, sandbox, documents.

Begin with development.py.
"""
