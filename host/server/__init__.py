"""The Tornado server: options, connections, threads, timers, the access log.

Begin with run.py.
"""
