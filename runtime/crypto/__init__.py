"""Signing, encryption, keys and encodings.

It imports nothing of ours; every package may import it. Begin with signing.py and
envelope.py.
"""
