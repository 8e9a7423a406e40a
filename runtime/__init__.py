"""What the functions share.

Each package here is a room: its own `__init__.py` says what it owns, who may import it
and where to begin reading. tests/test_import_rules.py checks these rules, and
docs/architecture.md shows them as a diagram.
"""
