"""What Function Compute does around a call: routes, environ, limits, signature, answer.

Begin with front.py.
"""
