"""HTTP vocabulary: requests, responses, cookies, origins, URLs, addresses.

It knows no Redis and no documents. Every package above it may import it. Begin with
messages.py.
"""
