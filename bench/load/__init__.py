"""Figures 10 to 18, and 22: the gateway under load, beside what a team would write.

Begin with __main__.py. Each figure has a module; the others are servers and load.
"""
