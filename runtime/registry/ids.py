"""Patterns of ids and of a file's name; the sandbox has its own."""

APPID = "wx[0-9a-f]{16}"

ALL_ACCOUNTS = rf"{APPID}-\*"
"""A key of a client's scopes: all accounts that have authorised this component."""

CLIENT_ID = "[a-z0-9][a-z0-9_-]{0,39}"
"""A new client's id must not be an APPID as well: WeChat's calls name both alike."""

PROOF_NAME = r"[A-Za-z0-9_-]{1,64}\.txt"
"""The name of a file at the root by which somebody checks whose domain this is."""
