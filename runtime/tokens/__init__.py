"""Tokens that the gateway issues: gateway tokens, user tokens, ID tokens and codes.

Owns their formats, lifetimes, checks and revocation; none of them is a value of
WeChat's. Functions, broker and the gateway import it. Begin with grant_store.py for
user tokens and gateway_tokens.py for clients' tokens.
"""
