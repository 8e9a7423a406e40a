"""What a developer's machine gets without asking: Redis, sandbox, secrets, documents.

Begin with development.py.
"""
