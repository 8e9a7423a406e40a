"""Code that the functions share.

Each package here says in its own `__init__.py` what it owns, who may import it and
where to begin reading. tests/test_import_rules.py checks these rules, and
docs/architecture.md shows them as a diagram.
"""
