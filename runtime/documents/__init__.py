"""The config service: documents as chains of immutable versions.

Owns their stores (folder and bucket), the copies in Redis, the sealed fields and the
check of a store. It does not know what a document means: registry does. Begin with
documents.py.
"""
