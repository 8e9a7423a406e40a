"""Alerts: what operators are told in their chat of conditions that begin and end.

Owns the messages and the forms of the vendors' webhooks. Functions, operations and the
gateway may import it. Begin with `notices` and `webhooks`.
"""
