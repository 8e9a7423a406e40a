"""What an operator can do, offline by manage.py and through the function admin."""
