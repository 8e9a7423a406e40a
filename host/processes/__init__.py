"""Processes: the host's children, worker processes on one port, signals, shared log.

Begin with prefork.py.
"""
