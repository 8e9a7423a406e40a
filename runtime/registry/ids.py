"""Patterns of an app's id and of a client's id; the sandbox has its own."""

APPID = "wx[0-9a-f]{16}"

CLIENT_ID = "[a-z0-9][a-z0-9_-]{0,39}"
"""A new client's id must not be an APPID as well: WeChat's calls name both alike."""
