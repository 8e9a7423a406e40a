"""Who does what how often: limits, counters and the audit line.

Functions and the gateway import it. Begin with limits.py.
"""
