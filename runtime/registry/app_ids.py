"""The form of a WeChat app's id, as a pattern; the sandbox keeps its own."""

APPID = "wx[0-9a-f]{16}"
