"""Patterns of ids and of a file's name; the sandbox has its own."""

APPID = "wx[0-9a-f]{16}"
"""Of an account of WeChat's; also the id of its document."""

CORPID = "w[wx][0-9a-f]{16}"
"""Of a company in WeCom."""

WECOM_NAME = "(?:[1-9][0-9]{0,9}|contacts|customers|kf)"
"""What one secret of a company is for: the agentid of an app, or what has none."""

WECOM_ID = f"{CORPID}-{WECOM_NAME}"
"""The id of an app of WeCom."""

APP_ID = f"(?:{WECOM_ID}|{APPID})"
"""The id of any app, in a pattern that may go on behind it."""

ALL_ACCOUNTS = rf"{APPID}-\*"
"""A key of a client's scopes: all accounts that have authorised this component."""

CLIENT_ID = "[a-z0-9][a-z0-9_-]{0,39}"
"""A new client's id must not be an APPID as well: WeChat's calls name both alike."""

PROOF_NAME = r"[A-Za-z0-9_-]{1,64}\.txt"
"""The name of a file at the root by which somebody checks whose domain this is."""
