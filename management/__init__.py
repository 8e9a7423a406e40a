"""Command line of an operator, whose entry is manage.py; begin with parser.py."""
