"""Commands of an operator, for manage.py and functions/admin alike.

Owns what each verb does to documents, credentials and tokens. `management`,
`functions/admin` and `deploy` import it; no other package of runtime does. Begin with
verbs.py.
"""
