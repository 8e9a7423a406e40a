"""Sign-in steps that several functions take.

Owns the start and the end of a sign-in, the answer to an authorization request, the
CSRF token of the sign-out form, and client authentication by secret. Functions import
it; no other package of runtime does. Begin with authorize.py.
"""
