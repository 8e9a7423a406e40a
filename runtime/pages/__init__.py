"""The HTML pages that users see, with their templates and languages.

Owns the choice of a language and every sentence shown to a user. The packages entry
and broker and the functions import it. Begin with pages.py.
"""
