"""Figures 10 to 22: the gateway under load, compared with what a team would write.

Begin with __main__.py. Each figure has a module; the others are servers and load.
"""
