"""Sign-in steps that several functions take.

Owns the start of a sign-in, the decision on an authorization request, the form that
asks before logging out, and a client's proof by its secret. Functions import it; no
other package of runtime does. Begin with authorize.py.
"""
