"""Function Compute's work around a call: routes, environ, limits, signature, answer.

Begin with front.py.
"""
