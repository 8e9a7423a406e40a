"""The parts of manage.py, the operator's command line."""
