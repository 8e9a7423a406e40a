"""Settings of a developer's machine, stored as files in the folder `.local`.

The local host writes them, and `manage.py` reads them beside it. It imports runtime
alone. Begin with settings_file.py.
"""
