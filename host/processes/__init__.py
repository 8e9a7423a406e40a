"""Processes: the host's children, several processes on one port, signals, their log.

Begin with prefork.py.
"""
