"""Usage of the gateway: limits, counters and the audit log.

Functions and the gateway import it. Begin with limits.py.
"""
